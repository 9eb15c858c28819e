"""Mirrors experiments/rank_results.py, and how tables and claims treat ranks."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from experiments.claims.judging import describe, judge
from experiments.claims.reading import read_claims
from experiments.comparison import compare
from experiments.documents import markdown
from experiments.rank_results import read_gains
from experiments.statistics import Ranked, bootstrap, evidence
from experiments.tables import load_table

BEST = "(0.1, 0.45, 0.45)"
GALLERIES = {"text_user": 40, "image_text": 20, "image_user": 40}


def ranked_stage(folder: Path, share: float, seed: int = 0) -> Path:
    """Ten queries a task, ranks about a `share` of the gallery; recall is made up from the share and the seed."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    columns: dict[str, list] = {"id": [], "part": [], "median_rank": []}
    metrics: dict[str, dict] = {}
    for task, gallery in GALLERIES.items():
        ranks = np.clip(share * gallery + rng.uniform(-1, 1, 10), 1, gallery)
        columns["id"] += [f"q{number}" for number in range(10)]
        columns["part"] += [task] * 10
        columns["median_rank"] += ranks.tolist()
        chance = (gallery + 1) / 2
        metrics[task] = {"mean_median_rank": ranks.mean(), "queries": 10, "gallery": gallery, "chance": chance}
        metrics[task] |= {f"recall@{depth}": (1 - share) * depth / 10 - seed / 100 for depth in (1, 5, 10)}
        metrics[task]["median_best_rank"] = share * gallery
    joint = sum(metrics[task]["mean_median_rank"] / gallery for task, gallery in GALLERIES.items())
    chance = sum(metrics[task]["chance"] / gallery for task, gallery in GALLERIES.items())
    own = {task: metrics[task]["mean_median_rank"] for task in GALLERIES}
    gain = {task: 1 - rank / metrics[task]["chance"] for task, rank in own.items()}
    metrics |= {"test": own | {"joint": joint}, "gain": gain | {"joint": 1 - joint / chance}}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    facts = {"name": "simulated_timelines", "simulated": True, "classes": [], "kind": "ranks"}
    (folder / "dataset.json").write_text(json.dumps(facts))
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return folder


@pytest.mark.parametrize("metric", ["text_user", "image_text", "image_user", "joint"])
def test_the_score_of_all_queries_is_the_gain_that_the_stage_wrote(tmp_path: Path, metric: str) -> None:
    folder = ranked_stage(tmp_path / "a", 0.2)
    found = read_gains(folder, metric)
    written = json.loads((folder / "metrics.json").read_text())["gain"][metric]
    means = [np.asarray(found.gain)[np.asarray(found.task) == task].mean() for task in range(len(found.weight))]
    assert np.dot(means, found.weight) == pytest.approx(written)
    assert len(set(found.ids)) == len(found.ids) == (30 if metric == "joint" else 10)


def test_a_task_without_ranks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no ranks of text_image; there are text_user, image_text"):
        read_gains(ranked_stage(tmp_path / "a", 0.2), "text_image")


def test_a_table_of_ranks_prints_them_as_they_are(tmp_path: Path) -> None:
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in {BEST: 0.1, "(1, 0, 0)": 0.4}.items()
        for seed in (0, 1)
    }
    text = markdown(compare(load_table("du2mce_2"), {"du2mce": folders}))
    assert "Mean median ranks, lower is better" in text
    assert "In percent" not in text
    assert "Text-User: 10 queries among 40 items, 20.5 by chance" in text
    ours = text.split("ours, not comparable")[1]
    (line,) = [line for line in ours.splitlines() if "| (1, 0, 0) " in line]
    ranks = [json.loads((folders["(1, 0, 0)", seed] / "metrics.json").read_text())["test"] for seed in (0, 1)]
    told = [ranks[seed]["text_user"] for seed in (0, 1)]
    assert f"{np.mean(told):.1f} ± {np.std(told, ddof=1):.1f}" in line
    assert f"{np.mean([rank['joint'] for rank in ranks]):.4f}" in line
    published = text.split("ours, not comparable")[0]
    (line,) = [line for line in published.splitlines() if "| (1, 0, 0) " in line]
    assert [cell.strip() for cell in line.split("|")][3:7] == ["371", "2291", "21873", "–"]


def test_a_table_of_recall_is_in_percent_beside_ranks(tmp_path: Path) -> None:
    rows = {"One direction": 0.1, "Both directions": 0.4}
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in rows.items()
        for seed in (0, 1)
    }
    text = markdown(compare(load_table("du2mce_flickr8k"), {"pictures": folders}))
    assert "In percent; ranks: lower is better" in text
    assert "10 image_text queries" in text
    assert "Image-Text: 10 queries among 20 items, 10.5 by chance" in text
    (line,) = [line for line in text.splitlines() if "| Both directions" in line]
    cells = [cell.strip() for cell in line.split("|")][3:8]
    assert cells == ["5.50 ± 0.71", "29.50 ± 0.71", "59.50 ± 0.71", "8.0 ± 0.0", "2"]
    assert "-30.00" in line, "against the base row"


def test_some_of_the_posts_have_no_ranks(tmp_path: Path) -> None:
    folders = {(BEST, 0): ranked_stage(tmp_path / "a", 0.1)}
    with pytest.raises(ValueError, match="ranks depend on the whole gallery"):
        compare(load_table("du2mce_2"), {"du2mce": folders}, within="apart")


def test_the_bootstrap_of_ranks_has_the_difference_and_its_interval() -> None:
    rng = np.random.default_rng(0)
    ids, task, weight = [str(number) for number in range(200)], np.repeat([0, 1], 100), [0.25, 0.75]
    base = rng.normal(0, 0.1, 200)
    ours = [Ranked(ids, base + np.where(task == 0, 0.4, 0.2), task, weight)]
    found = bootstrap(ours, [Ranked(ids, base, task, weight)], "joint", "macro")
    assert found.mean == pytest.approx(0.25 * 0.4 + 0.75 * 0.2)
    assert found.low == pytest.approx(found.high), "every query gains the same in its task"
    noisy = [Ranked(ids, rng.normal(0.2, 1, 200), np.zeros(200, int), [1.0])]
    found = bootstrap(noisy, [Ranked(ids, np.zeros(200), np.zeros(200, int), [1.0])], "text_user", "macro")
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.2)


def test_superiority_may_have_to_exceed_a_margin() -> None:
    gain = [10.0, 11.0, 12.0, 11.5]
    assert evidence(gain)[0] < 0.05
    assert evidence(gain, margin=5)[0] < 0.05
    assert evidence(gain, margin=11)[0] > 0.05
    assert evidence(gain, margin=20)[1] < 0.05, "its opposite"


def test_claims_of_ranks_compare_gains_task_by_task(tmp_path: Path) -> None:
    claims = {
        "title": "DU2MCE",
        "table": "du2mce_2",
        "experiments": ["du2mce"],
        "part": "gain",
        "claims": {
            "far": {
                "says": "far from chance",
                "source": "Section 4.4.1",
                "metric": "text_user",
                "margin": 50,
                "pairs": [{"better": BEST, "worse": "Random"}],
            },
            "near": {
                "says": "near chance",
                "source": "Section 4.4.1",
                "metric": "image_text",
                "kind": "equivalence",
                "margin": 10,
                "pairs": [{"better": "(1, 0, 0)", "worse": "Random"}],
            },
        },
    }
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(claims))
    shares = {BEST: 0.1, "(1, 0, 0)": 0.5, "Random": 0.51}
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in shares.items()
        for seed in range(4)
    }
    found, table = read_claims(tmp_path / "claims.yaml"), load_table("du2mce_2")
    judged = judge(found, table, {"du2mce": folders})
    assert [str(each.verdict) for each in judged] == ["holds", "holds"]
    assert judged[0].compared[0].tests.mean == pytest.approx(80, abs=6)
    text = markdown(describe(found, table, {"du2mce": folders}, judged, 4))
    assert f"{BEST}: Text-User" in text
    assert "(1, 0, 0): Image-Text" in text
