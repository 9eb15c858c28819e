"""Mirrors datamodules/retrieved.py."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.retrieved import Retrieved, pseudo_labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = ["Lovely snow", " ", None, "what #Sarcasm.", "ironically fine", "<url> here", "last"]
    comments = [{"text": text, "score": 1.0, "post": "c/1"} for text in texts]
    table = {"id": ["b/1", "b/2"], "posts": [["c/2", "c/1"], None], "comments": [comments, None]}
    pq.write_table(pa.table(table), tmp_path / "retrieved.parquet")
    return tmp_path


def test_comments_come_in_order_without_blank_ones(folder: Path) -> None:
    retrieved = Retrieved(folder)
    assert retrieved.posts("b/1") == ["c/2", "c/1"]
    assert retrieved.comments("b/1", 3) == ["Lovely snow", "what #Sarcasm.", "ironically fine"]
    assert retrieved.posts("b/2") == retrieved.comments("b/2", 5) == []


def test_what_is_missing_is_named_with_the_stage_that_makes_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.run EXPERIMENT --stage retrieve"):
        Retrieved(tmp_path / "nowhere")
    with pytest.raises(KeyError, match=r"b/9.*--stage retrieve"):
        Retrieved(folder).posts("b/9")
    pq.write_table(pa.table({"id": ["b/1"]}), folder / "retrieved.parquet")
    with pytest.raises(ValueError, match="'posts'"):
        Retrieved(folder)


def labels(path: Path, probabilities: list[list[float]]) -> Path:
    table = {"query": ["b/1", "b/2", "b/1"], "id": ["c/1", "c/1", "c/2"], "probabilities": probabilities}
    pq.write_table(pa.table(table), path / "labels.parquet")
    return path / "labels.parquet"


def test_pseudo_labels_follow_the_pairs(tmp_path: Path) -> None:
    path = labels(tmp_path, [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    targets = pseudo_labels(path, [("b/1", "c/2"), ("b/1", "c/1"), ("b/2", "c/1")], 2)
    np.testing.assert_array_equal(targets, np.array([[1, 0], [0.25, 0.75], [0.5, 0.5]], dtype=np.float32))


def test_a_pair_without_a_pseudo_label_is_named(tmp_path: Path) -> None:
    path = labels(tmp_path, [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    with pytest.raises(KeyError, match=r"1 of 2 pairs.*b/2.*c/2.*--stage student_1"):
        pseudo_labels(path, [("b/1", "c/1"), ("b/2", "c/2")], 2)
    with pytest.raises(FileNotFoundError, match="--stage student_1"):
        pseudo_labels(tmp_path / "none.parquet", [], 2)


@pytest.mark.parametrize("wrong", [[0.5, 0.6], [1.0], [1.5, -0.5], [float("nan"), 0.5]])
def test_a_pseudo_label_that_is_no_distribution_is_an_error(tmp_path: Path, wrong: list[float]) -> None:
    path = labels(tmp_path, [[0.25, 0.75], [0.5, 0.5], wrong])
    with pytest.raises(ValueError, match=r"b/1.*c/2.*no distribution over 2 classes"):
        pseudo_labels(path, [("b/1", "c/2")], 2)
