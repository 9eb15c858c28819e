"""Mirrors datamodules/sentences/writing.py: one corpus by hand; the same bytes however it is written."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.posts import Posts
from datamodules.sentences import Cleaning, Corpus, Words, write_corpus
from encoders.vocabulary import read_counts

MakePosts = Callable[..., Posts]
PINS = [
    ("b.png", ["A cat, on a mat!", "too short", "on a mat: a CAT", "the dog is here"]),
    (None, ["the cat is here", "on a mat a cat"]),
    ("a.png", ["zebras eat green grass"]),
    ("b.png", ["a cat on a mat again", "a dog on a mat"]),
]


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def many(count: int) -> list[tuple[str | None, list[str]]]:
    """Pins of made-up words; every fifth has no picture, every seventh that of another one."""
    draws = np.random.default_rng(0)
    words = [f"w{number}" for number in range(200)]
    names = [None if n % 5 == 4 else f"{n // 2 if n % 7 == 6 else n}.png" for n in range(count)]
    return [(name, [" ".join(draws.choice(words, draws.integers(3, 9))) for _ in range(3)]) for name in names]


def sentences(corpus: Corpus, part: str) -> list[tuple[str | None, str]]:
    found = corpus.part(part)
    spans = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    said = [" ".join(corpus.words[word] for word in found.tokens[begin:end]) for begin, end in spans]
    names = [None if row < 0 else corpus.pictures[row] for row in found.picture]
    return list(zip(names, said, strict=True))


def test_a_small_corpus_is_as_by_hand(make_posts: MakePosts, tmp_path: Path) -> None:
    corpus = write_corpus(make_posts(PINS), tmp_path / "corpus", Cleaning(), Words(2), validation_images=0)
    assert corpus.pictures == ["b.png", "a.png"]
    assert sentences(corpus, "train") == [
        ("b.png", "a cat on a mat"),
        ("b.png", "the dog is here"),
        (None, "the cat is here"),
        (None, "on a mat a cat"),
        ("b.png", "a dog on a mat"),  # 3 of 5 words shared; "a cat on a mat again" shares 4 of 5 across the posts
    ]
    assert corpus.words == ["<bos>", "<eos>", "<unk>", "a", "cat", "mat", "on", "dog", "here", "is", "the"]
    np.testing.assert_array_equal(read_counts(corpus.folder), [5, 5, 0, 6, 3, 3, 3, 2, 2, 2, 2])
    assert corpus.info["read"] == {"posts": 4, "media": 4, "sentences": 9}
    dropped = {"short": 1, "near_duplicate": 2, "unknown_words_only": 1, "outside_split": 0}
    assert corpus.info["dropped"] == dropped
    train = {"images": 1, "sentences": 5, "words": 23, "unknown": 0, "without_picture": 2}
    assert corpus.info["parts"] == {"train": train}
    assert corpus.info["unique_words"] == {"1": 12, "2": 8, "3": 4, "50": 0}
    assert {path.name for path in corpus.folder.iterdir()} == {
        "corpus.json", "words.parquet", "pictures.parquet", "train"
    }  # fmt: skip


def test_progress_is_told_by_stage(make_posts: MakePosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(make_posts(PINS), tmp_path / "corpus", words=Words(1), validation_images=0)
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" in ")[0].partition("corpus: ")[2] for line in said] == [
        "posts cut: 4 of 4",
        "ranges joined: 1 of 1",
        "train: 6 sentences (2 without a picture) of 2 pictures, 27 words (0.00% unknown)",
    ]


def test_a_caller_with_progress_of_its_own_is_told_nothing_else(
    make_posts: MakePosts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stages: list[str] = []
    quiet = lambda stage: stages.append(stage) or (lambda done, total: None)  # noqa: E731
    write_corpus(make_posts(PINS), tmp_path / "corpus", words=Words(1), validation_images=0, progress=quiet)
    assert len(stages) == 2
    assert capsys.readouterr().out == ""


def test_two_workers_write_the_bytes_of_one(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(many(60), a_file=10)
    one, two = (
        write_corpus(posts, tmp_path / f"{n}", words=Words(2), validation_images=9, workers=n, range_size=20)
        for n in (1, 2)
    )
    assert contents(one.folder) == contents(two.folder)
    assert one.parts == ["train", "validation"]


def test_a_killed_run_is_finished_to_the_same_bytes(make_posts: MakePosts, tmp_path: Path) -> None:
    posts, out = make_posts(many(6000), a_file=50), tmp_path / "out"
    code = (
        "import sys; from datamodules.posts import Posts; from datamodules.sentences import write_corpus\n"
        "write_corpus(Posts(sys.argv[1]), sys.argv[2], validation_images=9, workers=2, range_size=50)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(posts.folder), str(out)], stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 300
    while len(list(out.glob("parts/??????.json"))) < 3 and run.poll() is None and time.monotonic() < limit:
        time.sleep(0.001)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    there = {path: path.stat().st_mtime_ns for path in out.glob("parts/??????.json")}
    assert 3 <= len(there) < 120
    with pytest.raises(ValueError, match="no word occurs 1,000,000 times"):  # after the cutting, which stays
        again(posts, out, Words(10**6))
    assert {path: path.stat().st_mtime_ns for path in there} == there  # not made again
    clean = again(posts, tmp_path / "clean")
    assert contents(again(posts, out).folder) == contents(clean.folder)


def again(posts: Posts, out: Path, words: Words = Words()) -> Corpus:
    return write_corpus(posts, out, words=words, validation_images=9, range_size=50)


def test_parts_of_other_settings_are_not_used(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(PINS)
    with pytest.raises(ValueError, match="no word occurs"):
        write_corpus(posts, tmp_path / "corpus", Cleaning(4), validation_images=0)
    corpus = write_corpus(posts, tmp_path / "corpus", Cleaning(5), Words(1), validation_images=0)
    assert corpus.info["dropped"]["short"] == 4


def test_a_finished_corpus_is_kept_and_never_replaced_by_another(make_posts: MakePosts, tmp_path: Path) -> None:
    posts, out = make_posts(PINS), tmp_path / "corpus"
    before = contents(write_corpus(posts, out, words=Words(1), validation_images=0).folder)
    assert contents(write_corpus(posts, out, words=Words(1), validation_images=0, workers=2).folder) == before
    with pytest.raises(FileExistsError, match="other posts, settings or code; delete it"):
        write_corpus(posts, out, words=Words(2), validation_images=0)
    assert contents(out) == before


def test_posts_without_sentences_and_unknown_protocols_are_refused(make_posts: MakePosts, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sentence is left of 1 in 1 posts: all have fewer words than min_words"):
        write_corpus(make_posts([(None, ["a cat"])], name="short"), tmp_path / "corpus")
    for name, pins in (("bare", [("a.png", [])]), ("empty", [])):
        with pytest.raises(ValueError, match=r"no sentence is left of 0 in \d posts: no media have descriptions"):
            write_corpus(make_posts(pins, name=name), tmp_path / name / "corpus")
    with pytest.raises(ValueError, match="no split 'paper'; there are none"):
        write_corpus(Posts(tmp_path / "short"), tmp_path / "other", protocol="paper")


def test_little_memory_gives_the_same_bytes(make_posts: MakePosts, tmp_path: Path) -> None:
    posts = make_posts(many(500), a_file=100)
    big, small = (
        write_corpus(posts, tmp_path / memory, words=Words(2), validation_images=9, memory_limit=memory, range_size=100)
        for memory in ("1GB", "64MB")
    )
    assert contents(big.folder) == contents(small.folder)
