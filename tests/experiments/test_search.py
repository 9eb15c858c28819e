"""Mirrors experiments/search.py, and its command, on a row of the small simulated network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from experiments.documents import Block
from experiments.run import main
from experiments.search import learned, modality_of, open_space, search
from experiments.spaces import RowSpace

ALL = {"image", "text", "user"}


@pytest.fixture(scope="module")
def row(planned: Any) -> Any:
    """The row of all pairs, trained and ranked."""
    made = planned(experiment="du2mce")
    made.run("ranks")
    return made


@pytest.fixture(scope="module")
def space(row: Any) -> RowSpace:
    return open_space(row.stages["ranks"], row.folder("embed") / "best.ckpt", row.store)


@pytest.fixture(scope="module")
def sentence(space: RowSpace) -> str:
    return " ".join(space.corpus.words[1:4])


def words(row: Any, query: str, *more: str) -> list[str]:
    """The command line that made the row, but for a search."""
    return ["du2mce", "search", query, "--profile", "demo", *row.overrides, "--store", str(row.store), *more]


def columns(block: Block) -> list[list[str]]:
    return [list(column) for column in zip(*block.lines, strict=True)]


def of_largest(vectors: np.ndarray, vector: np.ndarray) -> tuple[int, str]:
    cosines = vectors @ vector
    return int(cosines.argmax()), f"{cosines.max():.3f}"


# answers
def test_a_sentence_is_answered_with_pictures_and_users(space: RowSpace, sentence: str) -> None:
    pictures, users = search(space, sentence, 3, ALL).blocks
    vector = space.encode_sentence(sentence)
    assert (pictures.title, users.title) == ("Pictures", "Users")
    ranks, cosines, ids, paths = columns(pictures)
    assert (len(ranks), ranks[0]) == (3, "1")
    best, cosine = of_largest(space.picture_vectors, vector)
    assert (paths[0], cosines[0]) == (str(space.posts.media(space.picture_paths[best])), cosine)
    (post,) = space.posts.rows(ids[:1])
    assert post["media"], "the post of a picture has one"
    _, cosines, ids, counts = columns(users)
    best, cosine = of_largest(space.user_vectors, vector)
    assert (ids[0], cosines[0]) == (space.users[best], cosine)
    assert counts[0] == str((space.corpus.user == best).sum())


def test_a_picture_is_answered_with_texts_and_users(space: RowSpace) -> None:
    path = space.posts.media(space.picture_paths[0])
    texts, users = search(space, str(path), 1000, ALL).blocks
    best, cosine = of_largest(np.concatenate([*space.blocks("text")]), space.encode_pictures([path])[0])
    ranks, cosines, ids, said = columns(texts)
    assert (ids[0], cosines[0]) == (space.post_ids[best], cosine)
    assert " ".join(space.texts([best])[0].split())[:30] == said[0][:30]
    assert len(ranks) == len(space.post_ids), "all of them, where there are fewer than asked for"
    assert len(users.lines) == len(space.users)


def test_a_user_is_answered_with_posts(space: RowSpace) -> None:
    name = space.users[1]
    texts, pictures = search(space, f"@{name}", 2, ALL).blocks
    assert (texts.title, pictures.title) == ("Texts", "Pictures")
    best, _ = of_largest(np.concatenate([*space.blocks("text")]), space.user_vectors[1])
    assert columns(texts)[2][0] == space.post_ids[best]
    best, _ = of_largest(space.picture_vectors, space.user_vectors[1])
    assert columns(pictures)[3][0] == str(space.posts.media(space.picture_paths[best]))
    assert search(space, f"user:{name}", 2, ALL).blocks == [texts, pictures]


def test_what_was_not_learned_answers_nothing(space: RowSpace, sentence: str) -> None:
    found = search(space, sentence, 2, {"text", "user"})
    assert [block.title for block in found.blocks] == ["Users"]
    assert "Not learned by this checkpoint: pictures." in found.intro
    with pytest.raises(ValueError, match="has not learned texts"):
        search(space, sentence, 2, {"image", "user"})


def test_modalities_are_learned_by_pairs_with_a_weight_or_before_they_were_frozen() -> None:
    pairs = [{"anchor": "content", "other": "user", "weight": 1.0}, {"anchor": "image", "other": "text", "weight": 0.0}]
    assert learned({"pairs": pairs, "frozen": []}) == ALL
    assert learned({"pairs": pairs[1:], "frozen": ["user"]}) == {"user"}
    assert learned({"pairs": None, "frozen": []}) == ALL


# what can't be asked
def test_what_is_asked_is_known_by_its_form(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "picture", format="png")
    assert modality_of(str(tmp_path / "picture")) == "image"
    assert [modality_of(query) for query in ("gone.JPG", "@ann", "user:ann b", "old cars. new", "word " * 90)] == [
        *("image", "user", "user", "text", "text")
    ]


def test_a_mistyped_user_is_told_the_nearest_name(space: RowSpace) -> None:
    name = space.users[0]
    with pytest.raises(ValueError, match=f'no user .* with posts in training. Did you mean "{name}"'):
        search(space, f"@{name}x", 3, ALL)


def test_what_can_not_be_read_is_named(space: RowSpace, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    for query, error, said in (
        (str(tmp_path / "notes.txt"), ValueError, "notes.txt"),
        (str(tmp_path / "gone.png"), FileNotFoundError, "gone.png: no such picture"),
        ("qwrtz the", ValueError, "none of its words is known"),
    ):
        with pytest.raises(error, match=said):
            search(space, query, 3, ALL)


# the command
def test_a_finished_run_and_its_checkpoint_answer_the_same(
    row: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for more in ([], ["--ckpt_path", str(row.folder("embed") / "best.ckpt")]):
        assert main(words(row, sentence, "--top", "2", *more)) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0].startswith(f"# Nearest to {sentence}\n")
    assert len([line for line in printed[0].splitlines() if line.startswith("| ")]) == 2 * (2 + 2)
    assert not list(row.store.glob(".search-*"))


def test_a_checkpoint_does_not_answer_from_another_corpus(
    row: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = row.folder("embed") / "best.ckpt"
    assert main(words(row, sentence, "--ckpt_path", str(checkpoint), "--protocol.shares.test=0.25")) == 1
    told = capsys.readouterr().err
    assert f"{checkpoint}: trained on {row.folder('timelines')}, but these settings give" in told


def test_a_run_that_has_not_ended_is_not_searched(
    row: Any, planned: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = planned.elsewhere(row, tmp_path / "runs", but=("embed", "ranks"))
    assert main(words(again, "sunset")) == 1
    assert f"{again.folder('ranks')}: no finished run of these settings to search" in capsys.readouterr().err
    assert not again.folder("embed").exists(), "nor trained"


@pytest.mark.parametrize("more", ["--protocol.source=average_text", "--protocol.source=chance"])
def test_a_row_without_training_is_not_searched(row: Any, more: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(row, "sunset", more)) == 1
    assert "no users, pictures and texts are learned in one space" in capsys.readouterr().err
