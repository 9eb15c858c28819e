"""Mirrors experiments/embeddings.py."""

from pathlib import Path

import numpy as np
import pytest

from encoders.embeddings import WRITERS, Embeddings, read_published
from experiments.embeddings import FORMATS, main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words = ["cake", "pie", "shirt"]
    Embeddings(words, np.array([[1, 0], [3, 4], [-1, 1]])).save(tmp_path / "made")
    return tmp_path / "made"


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_is_read_back(kind: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "vectors"
    assert main([str(folder), "--format", kind, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"written: {out}\n"
    found = read_published(out)
    assert found.words == ["cake", "pie", "shirt"]
    np.testing.assert_array_equal(found.vectors, [[1, 0], [3, 4], [-1, 1]])


def test_the_formats_are_those_that_can_be_written() -> None:
    assert list(FORMATS) == list(WRITERS)


def test_nearest_words_are_printed_with_their_cosines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """cos(cake, pie) = 3 / 5, cos(cake, shirt) = -1 / sqrt(2)."""
    assert main([str(folder), "--nearest", "cake", "Pie", "--count", "1"]) == 0
    out = capsys.readouterr().out
    assert "# Nearest words, 3 x 2" in out
    assert [line.split() for line in out.splitlines() if "0.600" in line] == [
        ["|", "pie", "|", "0.600", "|"],
        ["|", "cake", "|", "0.600", "|"],
    ]


def test_a_published_file_is_converted(folder: Path, tmp_path: Path) -> None:
    assert main([str(folder), "--format", "glove", "--out", str(tmp_path / "a.txt")]) == 0
    assert main([str(tmp_path / "a.txt"), "--format", "word2vec", "--out", str(tmp_path / "b.txt")]) == 0
    assert (tmp_path / "b.txt").read_text() == "3 2\n" + (tmp_path / "a.txt").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to do: give --format and --out, or --nearest"),
        (["--format", "glove"], "--format and --out belong together"),
        (["--format", "glov", "--out", "x"], "invalid choice: 'glov'"),
        (["--nearest", "horse"], "error: 'horse' is not among the 3 words"),
        (["--neares", "cake"], "unknown argument --neares"),
        (["--model.lr=1"], "unknown argument --model.lr=1: this reads embeddings as they were trained"),
    ],
)
def test_what_can_not_be_done_is_said_and_exits_with_2(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_status:
        main([str(folder), *words])
    assert exit_status.value.code == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_embeddings_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--nearest", "cake"])
    assert f"error: {tmp_path}/words.parquet: no embeddings here" in capsys.readouterr().err
