"""Mirrors experiments/rank_tables.py."""

import json
from pathlib import Path

import pytest

from experiments.comparison import compare
from experiments.documents import Block
from experiments.rank_tables import galleries, ranked_tasks, recall_by_task
from experiments.tables import load_table

ROWS = {"Random": 0.5, "(0.1, 0.45, 0.45)": 0.1}


@pytest.fixture
def block(tmp_path: Path, ranked_stage) -> Block:
    """Two rows with two seeds; the random order has nothing from pictures to users."""
    folders = {
        (row, seed): ranked_stage(tmp_path / f"{row}-{seed}", share, seed)
        for row, share in ROWS.items()
        for seed in (0, 1)
    }
    for seed in (0, 1):
        path = folders["Random", seed] / "metrics.json"
        metrics = json.loads(path.read_text())
        metrics["image_user"] |= dict.fromkeys(("median_rank", "median_best_rank", "recall@1", "recall@5", "recall@10"))
        path.write_text(json.dumps(metrics))
    *_, last = compare(load_table("du2mce_2"), {"du2mce": folders}).blocks
    return last


def test_every_row_and_task_has_median_ranks_and_recall_over_seeds(block: Block) -> None:
    assert block.header[2:] == ["Task", "Median rank", "Median best rank", "R@1", "R@5", "R@10"]
    assert [line[1:3] for line in block.lines] == [
        [row, task] for row in ROWS for task in ("Text-User", "Image-Text", "Image-User")
    ]
    cells = {(line[1], line[2]): line[3:] for line in block.lines}
    medians, recalls = ["4.5 ± 0.7", "4.0 ± 0.0"], ["8.50 ± 0.71", "44.50 ± 0.71", "89.50 ± 0.71"]
    assert cells["(0.1, 0.45, 0.45)", "Text-User"] == medians + recalls
    assert cells["Random", "Image-Text"][:2] == ["10.5 ± 0.7", "10.0 ± 0.0"]
    assert cells["Random", "Image-User"] == ["n/a"] * 5


def test_the_notes_say_what_a_random_order_recalls(block: Block) -> None:
    (note,) = block.notes
    assert "Text-User 2.50, 12.50, 25.00; Image-Text 5.00, 25.00, 50.00; Image-User 2.50" in note


def test_columns_that_are_recall_already_get_no_second_block(tmp_path: Path, ranked_stage) -> None:
    folders = {("One direction", 0): ranked_stage(tmp_path / "a", 0.1)}
    (block,) = compare(load_table("du2mce_flickr8k"), {"pictures": folders}).blocks
    assert "R@10 ours" in block.header


def test_tasks_are_those_of_the_columns_or_of_the_part(tmp_path: Path, ranked_stage) -> None:
    folder = ranked_stage(tmp_path / "a", 0.1)
    table, recall, interests = (load_table(f"du2mce_{name}").experiments for name in ("2", "flickr8k", "3"))
    assert ranked_tasks(folder, table["du2mce"]) == ["text_user", "image_text", "image_user"]
    assert ranked_tasks(folder, recall["pictures"]) == ["image_text"]
    assert galleries(folder, recall["pictures"]) == ["Image-Text: 10 queries among 20 items, 10.5 by chance"]
    assert galleries(folder, interests["du2mce_interests"]) == []
    assert recall_by_task("t", "d", ["none"], {("none", 0): folder}, recall["pictures"]).lines[0][2] == "Image-Text"
