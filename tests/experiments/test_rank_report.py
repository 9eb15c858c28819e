"""Mirrors experiments/rank_report.py."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import SCHEMA, VERSION
from experiments.rank_report import rank_document
from experiments.rank_results import read_queries
from experiments.report import main
from experiments.results import read_metrics


def table_after(text: str, title: str) -> list[list[str]]:
    """Cells of the lines of the block whose title starts so, its header first."""
    (block,) = [block for block in text.split("\n## ") if block.startswith(title)]
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def prepared(folder: Path) -> Path:
    (folder / "posts").mkdir(parents=True)
    info = {"name": "network", "version": VERSION, "media_root": str(folder), "tasks": {}}
    (folder / "dataset.json").write_text(json.dumps(info))
    rows = [{"id": f"network/{number}", "text": f"text {number}"} for number in range(9)]
    rows.append({"id": "network/9", "text": "long " * 100})
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "posts" / "part-0.parquet")
    return folder


def test_a_report_has_statistics_and_the_best_and_worst_queries_of_each_task(tmp_path: Path, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "row", 0.5, benchmark=str(prepared(tmp_path / "posts")))
    assert main([str(folder), "--posts", "3"]) == 0
    text = (folder / "report" / "report.md").read_text()
    assert (folder / "report" / "report.html").is_file()
    assert "nothing here is comparable" in text
    assert f"ours {read_metrics(folder)['joint']:.4f}." in text
    _, *lines = table_after(text, "Tasks")
    mean = read_metrics(folder)["image_text"]
    assert lines[1][:6] == ["Image-Text", "ours", "10", "20", "20", f"{mean:.1f}"]
    assert lines[1][6:] == ["10.5", "10.0", "10.0", "5.00", "25.00", "50.00"]
    for task, title in (("text_user", "Text-User"), ("image_text", "Image-Text"), ("image_user", "Image-User")):
        _, *queries = table_after(text, f"{title}: 3 of 10 queries")
        ranks = read_queries(folder, task).median
        first, second, *_, last = np.argsort(ranks).tolist()
        assert [query[0] for query in queries] == [f"network/{at}" for at in (first, second, last)]
        assert queries[0][2:] == ["2", f"{ranks.min():.1f}", f"{ranks.min() / 2:.1f}"]
        for post, said, *_ in queries:
            number = int(post.split("/")[1])
            assert said == f"text {number}" if number < 9 else len(said) <= 120


def test_beside_a_base_the_queries_are_those_on_which_the_two_differ_most(tmp_path: Path, ranked_stage) -> None:
    ours, base = ranked_stage(tmp_path / "ours", 0.5), ranked_stage(tmp_path / "base", 0.4, seed=1)
    document = rank_document(ours, base, "image_user", 4)
    statistics, queries = document.blocks
    assert [line[:2] for line in statistics.lines] == [["Image-User", "ours"], ["Image-User", "base"]]
    gap = np.subtract(*(read_queries(folder, "image_user").median for folder in (ours, base)))
    order = np.argsort(gap)
    assert [line[0] for line in queries.lines] == [f"network/{at}" for at in [*order[:2], *order[-2:]]]
    assert [line[1] for line in queries.lines] == ["–"] * 4, "the posts are not known"
    assert queries.header[3:] == ["Median rank ours", "Best rank ours", "Median rank base", "Best rank base"]


def test_few_queries_are_shown_once(tmp_path: Path, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "row", 0.5)
    _, queries = rank_document(folder, None, "text_user", 50).blocks
    assert len({line[0] for line in queries.lines}) == len(queries.lines) == 10


def test_a_task_without_ranks_is_not_applicable(tmp_path: Path, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "row", 0.5)
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["image_text"]["mean_median_rank"] = metrics["test"]["joint"] = None
    (folder / "metrics.json").write_text(json.dumps(metrics))
    kept = pq.read_table(folder / "predictions.parquet", filters=[("part", "!=", "image_text")])
    pq.write_table(kept, folder / "predictions.parquet")
    other = ranked_stage(tmp_path / "other", 0.5)
    for base in (None, other):
        statistics, *shown = rank_document(folder, base, "test", 2).blocks
        assert statistics.lines[1 if base is None else 2][5] == "n/a"
        assert "ours n/a" in statistics.notes[0]
        assert [block.title.split(":")[0] for block in shown] == ["Text-User", "Image-User"]


def test_other_parts_and_other_queries_are_refused(tmp_path: Path, capsys, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "row", 0.5)
    with pytest.raises(SystemExit):
        main([str(folder), "--part", "gain"])
    error = capsys.readouterr().err
    assert "row: a report of ranks is of a task, text_user, image_text, image_user, or of test" in error
    other = ranked_stage(tmp_path / "other", 0.5, ids="elsewhere/")
    with pytest.raises(ValueError, match=r"other: its queries of text_user are not those of .*row"):
        rank_document(folder, other, "test", 2)
