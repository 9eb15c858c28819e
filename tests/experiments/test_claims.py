"""Mirrors experiments/claims/."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from msgspec.structs import replace
from scipy import stats

from experiments.claims import main
from experiments.claims.judging import judge
from experiments.claims.reading import FOLDER, load_claims, read_claims
from experiments.results import read_metrics
from experiments.statistics import Verdict, holm
from experiments.tables import load_table

GOOD = {"Base Classifier": 0.6, "Base+Com": 0.68, "Base+ST": 0.68, "Base+Com+ST": 0.77, "Full Model": 0.86}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_claims_file_is_valid(path: Path) -> None:
    claims = read_claims(path)
    assert claims.claims
    for reasons in claims.known_to_fail.values():
        assert all(reasons.values())


def test_claims_that_hold_exit_with_0(tmp_path: Path, capsys, fake_runs) -> None:
    runs = fake_runs(GOOD, tmp_path, name="network", simulated=True)
    assert main(["cast"], run=runs) == 0
    text = capsys.readouterr().out
    assert [line for line in text.splitlines() if line.startswith("C4 on network (simulated): holds.")]
    assert text.count(" holds |") == 6
    (_, rows, how) = runs.calls[0]
    assert set(rows) == set(GOOD), "no controls"
    assert how["profile"] == "demo"
    assert how["overrides"] == ["--protocol.network_follows_seed=true", "--wandb=off"]


def test_a_claim_that_fails_exits_with_1_unless_it_is_known(tmp_path: Path, capsys, fake_runs, monkeypatch) -> None:
    runs = fake_runs(GOOD | {"Full Model": 0.7}, tmp_path)
    assert main(["cast"], run=runs) == 1
    assert "fails without being listed as known to fail: C4 on cast_msd" in capsys.readouterr().err
    raw = yaml.safe_load((FOLDER / "cast.yaml").read_text())
    raw["known_to_fail"] = {"C4": {"cast_msd": "the network has no noisy comments"}}
    (tmp_path / "cast.yaml").write_text(yaml.safe_dump(raw))
    monkeypatch.setattr("experiments.claims.reading.FOLDER", tmp_path)
    assert main(["cast"], run=runs) == 0
    assert "Known to fail: the network has no noisy comments" in capsys.readouterr().out


def test_what_is_neither_shown_nor_refuted_exits_with_0(tmp_path: Path, capsys, fake_runs) -> None:
    assert main(["cast", "--seeds", "3"], run=fake_runs(dict.fromkeys(GOOD, 0.7), tmp_path)) == 0
    text = capsys.readouterr().out
    assert "not shown" in text
    assert "3 seeds can't give an exact two-sided p below 0.25" in text


def test_a_claim_of_two_pairs_has_the_larger_p_and_holm_goes_over_the_claims(tmp_path: Path, fake_runs) -> None:
    claims, table = load_claims("cast"), load_table("cast_7")
    folders = fake_runs(GOOD | {"Base+ST": 0.61}, tmp_path)("cast_msd", claims.rows(table, "cast_msd"), range(5))
    judged = {found.name: found for found in judge(claims, table, {"cast_msd": folders})}
    f1 = {row: [read_metrics(folders[row, seed])["f1"] for seed in range(5)] for row in GOOD}

    def p(better: str, worse: str) -> float:
        return float(stats.ttest_rel(f1[better], f1[worse], alternative="greater").pvalue)

    raw = [
        p("Full Model", "Base Classifier"),
        max(p("Base+Com", "Base Classifier"), p("Base+ST", "Base Classifier")),
        max(p("Base+Com+ST", "Base+Com"), p("Base+Com+ST", "Base+ST")),
        p("Full Model", "Base+Com+ST"),
    ]
    assert [judged[name].p_claim for name in ("C1", "C2", "C3", "C4")] == pytest.approx(holm(raw))
    assert judged["C1"].verdict is Verdict.HOLDS
    effect = judged["C1"].compared[0]
    assert effect.tests.mean == pytest.approx(100 * np.mean(np.subtract(f1["Full Model"], f1["Base Classifier"])))
    assert effect.resampled.mean == pytest.approx(effect.tests.mean), "the bootstrap scores as the stages do"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("pairs", [{"better": "Full", "worse": "Base+ST"}], "claims.C1.pairs: 'Full' is no row of table cast_7"),
        ("kind", "best", "claims.C1.*kind"),
        ("margin", -1.0, "claims.C1.margin: from 0"),
        ("kind", "equivalence", "claims.C1.margin: .*all but superiority need one"),
    ],
)
def test_a_broken_claims_file_names_file_and_key(key: str, value: object, message: str, tmp_path: Path) -> None:
    raw = yaml.safe_load((FOLDER / "cast.yaml").read_text())
    raw["claims"]["C1"][key] = value
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(ValueError, match=f"broken.yaml: .*{message}"):
        read_claims(path)


def test_typos_are_answered(capsys) -> None:
    for words, hint in [(["csat"], '"cast"'), (["cast", "--experiment", "cast_mds"], '"cast_msd"')]:
        with pytest.raises(SystemExit):
            main(words)
        assert f"Did you mean {hint}" in capsys.readouterr().err


def test_a_gap_is_better_the_smaller_it_is(tmp_path: Path, stage: Callable[..., Path]) -> None:
    """Common space: 70 and 65 of 100 right with one modality; joint: 70 and 40."""
    claims, table = load_claims("emotion"), load_table("emotion_4")
    folders = {}
    for row, (image, text) in {"Common space fusion": (0.7, 0.65), "Joint fusion": (0.7, 0.4)}.items():
        for seed in range(3):
            folders[row, seed] = views(tmp_path / f"{row}-{seed}", stage, {"image": image, "text": text}, seed)
    only = replace(claims, claims={"E4": claims.claims["E4"]})
    (found,) = judge(only, table, {"emotion_flickr": folders})
    assert found.compared[0].tests.mean == pytest.approx(25.0)
    assert found.compared[0].resampled.mean == pytest.approx(25.0)
    assert found.verdict is Verdict.HOLDS


def test_what_is_only_reported_is_no_test(tmp_path: Path, stage: Callable[..., Path]) -> None:
    claims, table = load_claims("emotion"), load_table("emotion_4")
    rows = [*claims.rows(table, "emotion_reddit")]
    folders = {
        (row, seed): views(tmp_path / f"{row}-{seed}", stage, {"image": 0.5, "text": 0.5}, seed)
        for row in rows
        for seed in range(3)
    }
    judged = {found.name: found for found in judge(claims, table, {"emotion_reddit": folders})}
    assert judged["E5 with both informative"].verdict is Verdict.REPORTED
    assert not judged["E5 with both informative"].is_bad
    assert "E5" not in judged, "claimed of the other experiment alone"


def views(folder: Path, stage: Callable[..., Path], right: dict[str, float], seed: int) -> Path:
    """A finished stage of 100 posts with the views of its modalities."""
    tables, metrics = [], {}
    for number, (name, share) in enumerate({"": 0.8, **right}.items()):
        made = stage(folder / name, share, seed + 100 * number, posts=100)
        part = f"test, {name} only" if name else "test"
        table = pq.read_table(made / "predictions.parquet")
        tables.append(table.set_column(table.column_names.index("part"), "part", pa.array([part] * len(table))))
        metrics[part] = json.loads((made / "metrics.json").read_text())["test"]
    pq.write_table(pa.concat_tables(tables), folder / "predictions.parquet")
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_pins_best_row_is_compared_with_every_other_that_is_trained() -> None:
    claims, table = load_claims("pins"), load_table("pins_3")
    trained = [row.name for row in (*table.rows, *table.controls) if "--protocol.source" not in "".join(row.overrides)]
    best = [pair.sides for pair in claims.claims["P4"].pairs]
    assert {better.row for better, _ in best} == {"Model A"}
    assert sorted(worse.row for _, worse in best) == sorted(set(trained) - {"Model A"})
    assert claims.claims["P5"].kind == "equivalence"
    assert claims.claims["P3 against text"].kind == "reported"


def test_a_variant_runs_its_experiment_with_settings_of_its_own_for_the_claims_that_name_it(
    tmp_path: Path, capsys, fake_runs, monkeypatch
) -> None:
    raw = yaml.safe_load((FOLDER / "cast.yaml").read_text())
    pairs = [{"better": "Base+Com+ST", "worse": "Base+ST"}]
    raw["variants"] = {"few posts": {"experiment": "cast_msd", "overrides": ["--protocol.network.labelled=60"]}}
    raw["experiments"] = ["cast_msd", "few posts"]
    raw["claims"] = {
        "V1": {"says": "here", "source": "s", "pairs": pairs, "experiments": ["few posts"]},
        "V2": {"says": "there", "source": "s", "pairs": [{"better": "Full Model", "worse": "Base+ST"}]},
    }
    raw["claims"]["V2"]["experiments"] = ["cast_msd"]
    raw["known_to_fail"] = {}
    (tmp_path / "cast.yaml").write_text(yaml.safe_dump(raw))
    monkeypatch.setattr("experiments.claims.reading.FOLDER", tmp_path)
    runs = fake_runs(GOOD, tmp_path)
    assert main(["cast", "--protocol.iterations=1"], run=runs) == 0
    (one, rows, how), (other, more, plain) = sorted(runs.calls, key=lambda call: -len(call[2]["overrides"]))
    assert (one, other) == ("cast_msd", "cast_msd")
    assert (set(rows), set(more)) == ({"Base+Com+ST", "Base+ST"}, {"Full Model", "Base+ST"})
    assert how["overrides"] == [*raw["overrides"], "--protocol.network.labelled=60", "--protocol.iterations=1"]
    assert plain["overrides"] == [*raw["overrides"], "--protocol.iterations=1"]
    text = capsys.readouterr().out
    assert "V1 on msd, few posts: holds." in text
    assert "V2 on msd: holds." in text


def test_a_variant_needs_a_name_of_its_own(tmp_path: Path) -> None:
    raw = yaml.safe_load((FOLDER / "cast.yaml").read_text())
    raw["variants"] = {"cast_msd": {"experiment": "cast_msd", "overrides": []}}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(raw))
    with pytest.raises(ValueError, match=r"variants\.cast_msd: needs a name of its own"):
        read_claims(tmp_path / "c.yaml")


def test_what_makes_a_part_is_run_for_the_rows_that_are_compared_on_it_alone(tmp_path: Path) -> None:
    raw = yaml.safe_load((FOLDER / "cast.yaml").read_text())
    raw["claims"]["C1"] = {
        "says": "s",
        "source": "s",
        "part": "other",
        "pairs": [{"better": "Base+Com", "worse": "Base+ST"}],
    }
    raw["making"] = {"other": ["--protocol.iterations=1"]}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(raw))
    claims = read_claims(tmp_path / "c.yaml")
    table = load_table(claims.table)
    plain = {row.name: row.overrides for row in (*table.rows, *table.controls)}
    for name, overrides in claims.rows(table, "cast_msd").items():
        own = ["--protocol.iterations=1"] if name in ("Base+Com", "Base+ST") else []
        assert overrides == [*plain[name], *own]
    raw["making"] = {"nothing": []}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(raw))
    with pytest.raises(ValueError, match=r"making\.nothing: no claim compares this part"):
        read_claims(tmp_path / "c.yaml")
