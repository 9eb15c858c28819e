"""From prepared posts' descriptions to a corpus of sentences (Pins, Sections 3.1 and 5.1)."""

import hashlib
import json
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import regex

from datamodules.preparing.pool import alone, each
from datamodules.sentences.corpus import PARTS, VERSION, Corpus, finished
from datamodules.sentences.cutting import Range, cut, ranges
from datamodules.sentences.database import database
from datamodules.sentences.joining import Joined
from datamodules.sentences.places import Split, place
from datamodules.sentences.settings import Cleaning, Words
from datamodules.sentences.vocabulary import count_words
from encoders.atomic import clear_unfinished, sync, write_json
from encoders.progress import Progress, progress_lines

if TYPE_CHECKING:
    from datamodules.posts import Posts

RANGE = 20_000  # posts of a part; 250,000 pins of two short sentences each take one process 120 MB to cut, 180 in all


def write_corpus(
    posts: "Posts",
    folder: Path | str,
    cleaning: Cleaning = Cleaning(),
    words: Words = Words(),
    protocol: str | None = None,
    validation_images: int = 10_000,
    seed: int = 0,
    workers: int = 1,
    memory_limit: str = "2GB",
    range_size: int = RANGE,
    progress: Callable[[str], Progress] | None = None,
) -> Corpus:
    """Write the descriptions' sentences: the same bytes for any number of workers and after any kill.

    Descriptions are read, cleaned and cut once, in ranges of posts. A killed run is gone on with, and so is one that
    failed for its vocabulary or its split: the ranges that are cut stay in `folder/parts` until `corpus.json` is there.

    Args:
        posts: prepared ones, whose media have descriptions.
        folder: of the corpus.
        cleaning: of sentences. Near-duplicates are looked for within a picture's sentences, also across posts where
            they lie in one range; a line and `corpus.json` tell how many pictures are in several ranges.
        words: which are known.
        protocol: name of a prepared split, whose parts are taken; see `datamodules.sentences.places.place`.
        validation_images: pictures drawn for validation where there is no protocol (Section 5.1: 10,000).
        seed: of the draw.
        workers: processes that cut.
        memory_limit: of the database that counts words and pictures; what is more goes to `folder/spill`. No setting
            sets it; with little memory the bytes are the same.
        range_size: posts of a range, at least; whole row groups of the prepared files. No setting sets it: small
            data sets are cut into several ranges by it.
        progress: gives a callback for a stage's name; None prints lines, at last what the corpus holds.

    Raises:
        FileExistsError: the folder holds a corpus of other posts or settings.
        ValueError: there is no such protocol, no sentence, no word that occurs often enough, or too few pictures.
        RuntimeError: another run is writing the same folder.
    """
    folder = Path(folder).absolute()
    split = Split(_protocol(posts, protocol), validation_images if protocol is None else 0, seed)
    plan = _plan(posts, cleaning, range_size)
    settings = plan | {"words": asdict(words), "protocol": protocol} | split.draw()
    if not finished(folder, settings):
        with alone(folder / "parts"):
            _begin(folder / "parts", plan)
            shown = progress or progress_lines
            parts = ranges(posts.folder / "posts", folder / "parts", range_size, cleaning)
            read = _cut(parts, workers, shown(f"{folder}: posts cut"))
            with database(folder / "spill", memory_limit, workers) as connection:
                counts, joined = _counted(connection, parts, split, words, folder)
            joined.write(parts, shown(f"{folder}: ranges joined"))
            _finish(folder, settings, read, counts, joined, tell=progress is None)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    return Corpus(folder)


def _protocol(posts: "Posts", protocol: str | None) -> Path | None:
    if protocol is None:
        return None
    if protocol not in posts.protocols:
        raise ValueError(f"{posts.folder}: no split {protocol!r}; there are {posts.protocols or 'none'}")
    return posts.folder / "splits" / f"{protocol}.parquet"


def _plan(posts: "Posts", cleaning: Cleaning, range_size: int) -> dict[str, Any]:
    """What decides how sentences are cut, for `corpus.json` and to know a half-done run by."""
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    dataset = (posts.folder / "dataset.json").read_bytes()
    return {
        "posts": posts.info["name"],
        "dataset": hashlib.sha256(dataset).hexdigest(),
        "cleaning": asdict(cleaning),
        "range_size": range_size,
        "code": hashlib.sha256(code + f"{unicodedata.unidata_version} {regex.__version__}".encode()).hexdigest(),
    }


def _begin(parts: Path, plan: dict[str, Any]) -> None:
    """Keep the parts of a killed run of the same plan; delete those of another."""
    path = parts / "plan.json"
    same = path.is_file() and json.loads(path.read_text("utf-8")) == plan
    clear_unfinished(parts)
    if not same:
        for stale in parts.glob("*.*"):
            stale.unlink()
        write_json(path, plan)


def _cut(parts: Sequence[Range], workers: int, progress: Progress) -> dict[str, Any]:
    """Cut what is not cut yet; return counts over all ranges."""
    todo = [part for part in parts if not part.path("json").exists()]
    total, done = sum(part.posts for part in todo), 0
    for part in each(cut, todo, workers):
        done += part.posts
        progress(done, total)
    read, dropped = Counter[str](), Counter[str]()
    for part in parts:
        found = json.loads(part.path("json").read_text("utf-8"))
        read.update(found["read"])
        dropped.update(found["dropped"])
    if dropped.total() == read["sentences"]:
        cause = "all have fewer words than min_words" if read["sentences"] else "no media have descriptions"
        raise ValueError(f"no sentence is left of {read['sentences']:,} in {read['posts']:,} posts: {cause}")
    return {"read": dict(read), "dropped": dict(dropped)}


def _counted(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Range], split: Split, words: Words, folder: Path
) -> tuple[dict[str, int], Joined]:
    """Put pictures and words in order; return counts of pictures, and what the parts are to be joined with."""
    counts = place(connection, parts, split, folder)
    return counts, Joined(folder, count_words(connection, parts, words.min_count), words, counts["pictures"])


def _finish(
    folder: Path, settings: dict[str, Any], read: dict[str, Any], counts: dict[str, int], joined: Joined, tell: bool
) -> None:
    """Delete the folders of parts without sentences, write `corpus.json` and `tell` what it says."""
    parts = joined.info()
    for name in PARTS:
        if name not in parts:
            shutil.rmtree(folder / name)
        else:
            for path in [*sorted((folder / name).iterdir()), folder / name]:
                sync(path)
    info = read | counts | {"version": VERSION, "settings": settings, "parts": parts}
    info["dropped"] = read["dropped"] | joined.dropped
    info["unique_words"] = joined.vocabulary.unique
    write_json(folder / "corpus.json", info)
    for line in _summary(info) if tell else ():
        print(f"{folder}: {line}", flush=True)


def _summary(info: dict[str, Any]) -> Iterator[str]:
    """What a reader should know of a corpus before learning from it."""
    apart, torn = info["pictures_in_several_ranges"], info["pictures_in_several_parts"]
    if apart and info["settings"]["cleaning"]["max_overlap"] <= 1:
        within = f"within ranges of about {info['settings']['range_size']:,} posts"
        yield f"the sentences of {apart:,} pictures were compared only {within}; near-duplicates across them are left"
    if torn:
        yield f"{torn:,} pictures are in several parts of the split; each is in the one furthest from training"
    for name, found in info["parts"].items():
        share = f"{found['unknown'] / found['words']:.2%} unknown"
        said = f"{found['sentences']:,} sentences ({found['without_picture']:,} without a picture)"
        yield f"{name}: {said} of {found['images']:,} pictures, {found['words']:,} words ({share})"
