"""Mirrors experiments/rank_results.py, and how tables and claims treat ranks."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from experiments.claims.judging import describe, judge
from experiments.claims.reading import read_claims
from experiments.comparison import compare
from experiments.documents import markdown
from experiments.rank_results import read_gains, read_queries
from experiments.results import read_metrics
from experiments.statistics import Ranked, bootstrap, evidence
from experiments.tables import load_table

BEST = "(0.1, 0.45, 0.45)"


@pytest.mark.parametrize("metric", ["text_user", "image_text", "image_user", "joint"])
def test_the_score_of_all_queries_is_the_gain_that_the_stage_wrote(tmp_path: Path, ranked_stage, metric: str) -> None:
    folder = ranked_stage(tmp_path / "a", 0.2)
    found = read_gains(folder, metric)
    written = json.loads((folder / "metrics.json").read_text())["gain"][metric]
    means = [np.asarray(found.gain)[np.asarray(found.task) == task].mean() for task in range(len(found.weight))]
    assert np.dot(means, found.weight) == pytest.approx(written)
    assert len(set(found.ids)) == len(found.ids) == (30 if metric == "joint" else 10)


def test_queries_are_read_task_by_task(tmp_path: Path, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "a", 0.5)
    found = read_queries(folder, "image_text")
    assert found.ids == [f"network/{number}" for number in range(10)]
    assert found.median.mean() == pytest.approx(read_metrics(folder)["image_text"])
    assert found.ranks(3) == (found.median[3], found.median[3] / 2)
    assert found.true.tolist() == [2] * 10
    assert read_queries(folder, "text_image").ids == []


def test_a_task_without_ranks_is_refused(tmp_path: Path, ranked_stage) -> None:
    with pytest.raises(ValueError, match="no ranks of text_image; there are text_user, image_text"):
        read_gains(ranked_stage(tmp_path / "a", 0.2), "text_image")


def test_a_table_of_ranks_prints_them_as_they_are(tmp_path: Path, ranked_stage) -> None:
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in {BEST: 0.1, "(1, 0, 0)": 0.4}.items()
        for seed in (0, 1)
    }
    text = markdown(compare(load_table("du2mce_2"), {"du2mce": folders}))
    assert "Mean median ranks, lower is better" in text
    assert "In percent" not in text
    _, published, ours, recalled = text.split("\n## ")
    assert "Published: 2,146,000 test pairs.\n" in published
    assert "queries among" not in published, "what is asked of our own data"
    (line,) = [line for line in published.splitlines() if "| (1, 0, 0) " in line]
    assert [cell.strip() for cell in line.split("|")][3:7] == ["371", "2291", "21873", "–"]
    galleries = "Text-User: 10 queries among 40 items, 20.5 by chance; Image-Text: 10 queries among 20 items"
    assert f"Ours: 60 test pairs of simulated_timelines; published: 2,146,000. {galleries}" in ours
    (line,) = [line for line in ours.splitlines() if "| (1, 0, 0) " in line]
    ranks = [json.loads((folders["(1, 0, 0)", seed] / "metrics.json").read_text())["test"] for seed in (0, 1)]
    told = [ranks[seed]["text_user"] for seed in (0, 1)]
    assert f"{np.mean(told):.1f} ± {np.std(told, ddof=1):.1f}" in line
    assert f"{np.mean([rank['joint'] for rank in ranks]):.4f}" in line
    assert recalled.startswith("Multimodal Twitter Corpus (du2mce): ours, ranks and recall by task")


def test_ranks_are_comparable_by_their_pairs(tmp_path: Path, ranked_stage) -> None:
    folders = {(BEST, 0): ranked_stage(tmp_path / "a", 0.1, name="multimodal_twitter", simulated=False)}
    text = markdown(compare(load_table("du2mce_2"), {"du2mce": folders}))
    assert "60 test pairs, the paper's are 2,146,000." in text


def test_where_the_paper_has_no_numbers_footnotes_are_of_ours(tmp_path: Path, ranked_stage) -> None:
    for table, row in (("du2mce_2", BEST), ("du2mce_4", "DU2MCE")):
        folders = {(row, 0): ranked_stage(tmp_path / table, 0.1)}
        text = markdown(compare(load_table(table), {"du2mce_memes": folders}))
        assert "Published:" not in text
        (mark,) = [line[:3] for line in text.splitlines() if "imgflip memes have 88 pictures" in line]
        (header,) = [line for line in text.splitlines() if line.startswith("| Data set") and "Joint" in line]
        assert mark in header.split("|")[2]


def test_a_table_of_recall_is_in_percent_beside_ranks(tmp_path: Path, ranked_stage) -> None:
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


def test_some_of_the_posts_have_no_ranks(tmp_path: Path, ranked_stage) -> None:
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


def test_claims_of_ranks_compare_gains_task_by_task(tmp_path: Path, ranked_stage) -> None:
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
            "grouped": {
                "says": "clusters",
                "source": "Section 4.5.1",
                "metric": "ami",
                "kind": "reported",
                "part": "clusters",
                "pairs": [{"better": BEST, "worse": "Random"}],
            },
        },
    }
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(claims))
    shares = {BEST: 0.1, "(1, 0, 0)": 0.53, "Random": 0.51}
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in shares.items()
        for seed in range(4)
    }
    for (_, seed), folder in folders.items():
        metrics = json.loads((folder / "metrics.json").read_text())
        (folder / "metrics.json").write_text(json.dumps(metrics | {"clusters": {"ami": 0.5 + seed / 100}}))
    found, table = read_claims(tmp_path / "claims.yaml"), load_table("du2mce_2")
    judged = judge(found, table, {"du2mce": folders})
    assert [str(each.verdict) for each in judged] == ["holds", "reported", "holds"]
    assert judged[0].compared[0].tests.mean == pytest.approx(80, abs=6)
    document = describe(found, table, {"du2mce": folders}, judged, 4)
    measured = "Gain of Image-Text, gain of Text-User on test queries; AMI of clusters among users, 4 seeds;"
    assert document.intro[0].startswith(measured)
    assert document.intro[1].startswith(
        "Gain is 1 - mean median rank / that of a random order, in percent: 0 by chance"
    )
    rows, verdicts = document.blocks
    means = {name: value for _, name, value in rows.lines}
    assert float(means[f"{BEST}: gain of Text-User"].split()[0]) > 70
    assert float(means["(1, 0, 0): gain of Image-Text"].split()[0]) < 0, "worse than a random order"
    assert means[f"{BEST}: AMI of clusters"] == "51.50 ± 1.29"
    drawn = {line[1]: line[8] for line in verdicts.lines}
    assert "[" in drawn["far"]
    assert drawn["grouped"] == "–", "no single posts make it up"
    assert "nan" not in markdown(document)
