"""Mirrors experiments/emotion_tables.py and emotion_pages.py, on finished stages that are made up."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.emotion_pages import choose_posts
from experiments.results import PredictedPost
from experiments.table import main

CLASSES = ["joy", "fear", "anger", "disgust"]
PARTS = ("test", "test, image only", "test, text only")
Runs = Callable[..., dict[tuple[str, int], Path]]


def runs_in(folder: Path) -> Runs:
    """Stands in for `run_rows`: accuracy 0.5 with both, 0.25 by picture, 0.75 by text; 4 posts, answers by part."""

    def run(
        experiment: str, rows: Mapping[str, list[str]], seeds: Sequence[int], **how: object
    ) -> dict[tuple[str, int], Path]:
        return (
            {} if how["dry_run"] else {(row, seed): write(folder / f"{row}-{seed}") for row in rows for seed in seeds}
        )

    return run


def write(folder: Path) -> Path:
    folder.mkdir(parents=True)
    values = dict(zip(PARTS, (0.5, 0.25, 0.75), strict=True))
    metrics = {part: {"accuracy": value, "macro_f1": value, "micro_f1": value} for part, value in values.items()}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    facts = {"name": "simulated_reddit_emotion", "simulated": True, "classes": CLASSES}
    (folder / "dataset.json").write_text(json.dumps(facts))
    right = dict(zip(PARTS, ([0, 1], [0], [0, 1, 2]), strict=True))
    rows = [
        {"id": f"r/{post}", "part": part, "gold": post, "predicted": post if post in right[part] else 3 - post}
        | {"probabilities": [0.25] * 4}
        for part in PARTS
        for post in range(4)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "predictions.parquet")
    return folder


def test_table_2_stands_beside_the_papers_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emotion_2"]) == 0
    text = capsys.readouterr().out
    assert [line.split("|")[3].strip() for line in text.splitlines() if "| Total" in line] == ["3239", "9337"]


def test_table_3_is_what_the_experiments_are_set_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emotion_3", "--store", str(tmp_path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| emotion_")]
    assert len(lines) == 18
    assert all(line.endswith(" yes |") for line in lines)
    assert main(["emotion_3", "--store", str(tmp_path), "--model.lr=0.5", "--experiments", "emotion_reddit"]) == 0
    assert "| emotion_reddit | Learning rate (Section 5.4)             |      0.01 |  0.5 |       no |" in (
        capsys.readouterr().out
    )


def test_table_5_has_one_modality_alone_and_the_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["emotion_5", "--experiments", "emotion_reddit", "--seeds", "2", "--store", str(tmp_path)]
    assert main(words, run=runs_in(tmp_path)) == 0
    text = capsys.readouterr().out
    lines = [line for line in text.splitlines() if "| joint fusion" in line]
    cells = [[cell.strip() for cell in line.split("|")[3:-1]] for line in lines]
    assert cells == [["35.83", "69.47", "33.64"], ["25.00 ± 0.00", "75.00 ± 0.00", "50.00 ± 0.00"]]
    assert "## Reddit (emotion_reddit): ours, not comparable" in text
    assert "Not comparable with the published numbers: simulated posts of our own, no benchmark" in text
    assert main([*words[:2], "emotion_mvsa", *words[3:]], run=runs_in(tmp_path / "mvsa")) == 0
    assert "published\n" not in capsys.readouterr().out, "the paper has no numbers for it"


def test_a_dry_run_prints_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("emotion_5", "emotion_6"):
        words = [name, "--dry_run", "--store", str(tmp_path)]
        assert main(words, run=runs_in(tmp_path)) == 0
    assert capsys.readouterr().out == ""


def test_tables_6_and_7_are_pages_with_every_lines_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, style in (("emotion_6", "html"), ("emotion_7", "markdown")):
        out = tmp_path / name / "page"
        words = [name, "--experiments", "emotion_reddit", "--out", str(out), "--format", style]
        assert main(words, run=runs_in(tmp_path / f"{name}-runs")) == 0
        assert (out.parent / "page-emotion_reddit.png").stat().st_size > 10_000 or name == "emotion_6"
        assert "page-emotion_reddit.png" in out.read_text()
    assert "Common space - image" in out.read_text()
    with pytest.raises(SystemExit):
        main(["emotion_6", "--experiments", "emotion_reddit"], run=runs_in(tmp_path / "none"))
    assert "say where it goes" in capsys.readouterr().err


def test_a_line_that_was_given_nothing_says_so_and_is_neither_right_nor_wrong() -> None:
    def post(number: int, said: int, *present: str) -> PredictedPost:
        return PredictedPost(f"p/{number}", "test", 0, said, [], [], [], [], present=present)

    answers = {
        "image": {"p/0": post(0, 0), "p/1": post(1, 0, "image")},
        "ours": {"p/0": post(0, 1, "text"), "p/1": post(1, 1, "text", "image")},
    }
    assert [found.id for found in choose_posts(answers, 5)] == ["p/1"]


def test_posts_are_chosen_where_the_lines_differ_and_each_pattern_once() -> None:
    def post(number: int, predicted: int) -> PredictedPost:
        return PredictedPost(f"p/{number}", "test", 0, predicted, [], [], [], [])

    answers = {
        "one": {f"p/{number}": post(number, said) for number, said in enumerate([0, 1, 1, 0, 1])},
        "ours": {f"p/{number}": post(number, said) for number, said in enumerate([0, 0, 0, 1, 1])},
    }
    assert [found.id for found in choose_posts(answers, 5)] == ["p/1", "p/3"]
