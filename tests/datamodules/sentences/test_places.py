"""Mirrors datamodules/sentences/places.py: no picture is in two parts."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.posts import Posts
from datamodules.sentences import Cleaning, Corpus, Words, write_corpus

MakePosts = Callable[..., Posts]


def pictures(corpus: Corpus) -> dict[str, list[str | None]]:
    rows = {part: corpus.part(part).picture.tolist() for part in corpus.parts}
    return {part: [corpus.pictures[row] if row >= 0 else None for row in found] for part, found in rows.items()}


@pytest.mark.parametrize("range_size", [1, 100])
def test_a_picture_in_several_parts_goes_to_the_one_furthest_from_training(
    make_posts: MakePosts, tmp_path: Path, range_size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    split = [("a", "train"), ("b", "test"), ("c", "validation"), (None, "test"), ("a", "validation"), ("b", "train")]
    split += [("d", None), (None, None), ("a", None), ("e", "train"), (None, "train")]
    pins = [(name, [f"{'abcdefghijkl'[number]} and {number} here"]) for number, (name, _) in enumerate(split)]
    posts = make_posts(pins, [part for _, part in split], a_file=1)
    corpus = write_corpus(posts, tmp_path / "out", words=Words(1), protocol="paper", range_size=range_size)
    assert pictures(corpus) == {"train": ["e", None], "validation": ["a", "c", "a"], "test": ["b", None, "b"]}
    assert corpus.pictures == ["a", "b", "c", "e"]
    assert corpus.info["dropped"]["outside_split"] == 3
    assert corpus.info["pictures_in_several_parts"] == 2
    assert corpus.info["pictures_in_several_ranges"] == (2 if range_size == 1 else 0)
    said = capsys.readouterr().out
    assert "2 pictures are in several parts of the split; each is in the one furthest from training" in said
    assert ("of 2 pictures were compared only within ranges of about 1 posts" in said) == (range_size == 1)


def test_nothing_is_said_of_ranges_where_nothing_is_compared(
    make_posts: MakePosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    posts = make_posts([("a", ["one and two here"]), ("a", ["three and four here"])], a_file=1)
    for name, most in (("compared", 0.8), ("all", 1.1)):
        write_corpus(posts, tmp_path / name, Cleaning(4, most), Words(1), validation_images=0, range_size=1)
        assert ("compared only within" in capsys.readouterr().out) == (name == "compared")


def test_pictures_are_drawn_by_the_hash_of_seed_and_path(make_posts: MakePosts, tmp_path: Path) -> None:
    names = [f"{number % 20}.png" for number in range(30)] + [None] * 5
    posts = make_posts([(name, [f"word w{number} is here"]) for number, name in enumerate(names)], a_file=4)
    for seed in (0, 1):
        corpus = write_corpus(posts, tmp_path / str(seed), words=Words(1), validation_images=6, seed=seed, range_size=8)
        drawn = sorted({*names} - {None}, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())[:6]
        assert pictures(corpus) == {
            "train": [name for name in names if name not in drawn],
            "validation": [name for name in names if name in drawn],
        }
        assert corpus.info["parts"]["validation"]["images"] == 6


def test_too_few_pictures_are_refused_with_the_way_out(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts([(f"{number}.png", ["a cat is here"]) for number in range(7)])
    with pytest.raises(ValueError, match=r"7 pictures .* too few to draw 4 .*at most 3, or a protocol"):
        write_corpus(posts, tmp_path / "out", words=Words(1), validation_images=4)
    corpus = write_corpus(posts, tmp_path / "out", words=Words(1), validation_images=3)
    assert corpus.info["parts"]["validation"]["images"] == 3
