"""Preparing a corpus of sentences about pictures, by one process and by two, each run in a fresh interpreter."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datamodules.posts import SCHEMA, VERSION
from encoders.atomic import write_json
from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison

WORDS, DESCRIPTIONS = 400_000, 7  # 300 M sentences of 40 M pictures are 7.5 (Pins, Section 3.1)
SHORTEST, LONGEST = 3, 17  # words of a sentence; 3 billion words of 300 M sentences are 10 (Pins, Section 5.1)
PINS = 20_000  # of a file
PAUSE = 0.2  # seconds between two looks at the memory
_RUN = """
import sys, time
from datamodules.posts import Posts
from datamodules.sentences import write_corpus
posts, out, workers, images = sys.argv[1:]
posts = Posts(posts)  # the first opening unpacks them
begun = time.perf_counter()
quiet = lambda stage: lambda done, total: None
write_corpus(posts, out, validation_images=int(images), workers=int(workers), progress=quiet)
print(time.perf_counter() - begun)
"""


class Run(NamedTuple):
    """A corpus in its folder, what it took, and what its processes held at once."""

    folder: Path
    seconds: float
    gigabytes: float | None  # None where the kernel does not tell


def write_pins(folder: Path, sentences: int, words: int = WORDS) -> None:
    """Prepared posts of seven descriptions each, as the converter leaves them; the k-th word as often as 1 / k.

    Words have capitals and marks, some a letter beyond ASCII; one sentence of twenty is its neighbour's copy.
    """
    draws = np.random.default_rng(0)
    (folder / "posts").mkdir(parents=True)
    spelt = pa.array([_spelt(number) for number in range(words)])
    edges = np.cumsum(1 / np.arange(1, words + 1))
    pins = -(-sentences // DESCRIPTIONS)
    for number, begin in enumerate(range(0, pins, PINS)):
        count = min(PINS, pins - begin)
        lengths = draws.integers(SHORTEST, LONGEST + 1, count * DESCRIPTIONS)
        drawn = np.searchsorted(edges, draws.random(lengths.sum(), np.float32) * edges[-1])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        said = pc.binary_join(pa.ListArray.from_arrays(offsets.astype(np.int32), spelt.take(drawn)), " ")
        rows = np.arange(len(said))
        said = said.take(rows - (rows % 20 == 19))
        pq.write_table(_table(said, begin, count), folder / "posts" / f"part-{number:06d}.parquet")
    write_json(folder / "dataset.json", {"version": VERSION, "name": "pins", "tasks": {}, "media_root": str(folder)})


def run(posts: Path, out: Path, workers: int, validation_images: int) -> Run:
    """Write a corpus in a fresh interpreter; RuntimeError says what went wrong there."""
    command = [sys.executable, "-c", _RUN, str(posts), str(out), str(workers), str(validation_images)]
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, sum(map(_held, _family(process.pid))))
            time.sleep(PAUSE)
        said, wrong = process.communicate()
    if process.returncode:
        raise RuntimeError(f"preparing {posts} failed: {wrong}")
    return Run(out, float(said), most / 1e9 if most else None)


def compared(folder: Path, sentences: int) -> tuple[Run, Run]:
    """The same corpus by one process and by two, in folders `one` and `two`."""
    write_pins(folder / "pins", sentences)
    images = min(10_000, sentences // DESCRIPTIONS // 4)
    first, second = (run(folder / "pins", folder / name, workers, images) for workers, name in ((1, "one"), (2, "two")))
    return first, second


def measure(material: Material) -> list[Comparison]:
    """One row."""
    folder = material.folder / "pins"
    first, second = compared(folder, material.sizes.pins.prepared)
    counts = json.loads((first.folder / "corpus.json").read_text("utf-8"))
    shutil.rmtree(folder)
    read, distinct = counts["read"]["sentences"], counts["unique_words"]["1"]
    shown = f"{read:,} sentences of {counts['read']['posts']:,} pins, {distinct:,} distinct words; once each"
    note = f"{_note('one process', first, read)}; {_note('two', second, read)}."
    seconds = first.seconds, second.seconds
    return [Comparison("corpus of sentences", "one process", "two processes", shown, *seconds, note=note)]


def _note(name: str, found: Run, sentences: int) -> str:
    held = "" if found.gigabytes is None else f", {found.gigabytes:.2f} GB at most"
    return f"{name.capitalize()}: {sentences / found.seconds:,.0f} sentences a second{held}"


def _table(said: pa.Array, begin: int, count: int) -> pa.Table:
    """Pins from number `begin` on with their descriptions."""
    names = [str(number) for number in range(begin, begin + count)]
    kinds = SCHEMA.field("media").type.value_type
    fields = {
        "path": pa.array([f"{name}.jpg" for name in names]),
        "kind": pa.array(["image"] * count),
        "descriptions": pa.ListArray.from_arrays(np.arange(count + 1, dtype=np.int32) * DESCRIPTIONS, said),
        "attributes": pa.nulls(count, pa.list_(pa.string())),
    }
    media = pa.StructArray.from_arrays([fields[field.name] for field in kinds], fields=list(kinds))
    columns = {field.name: pa.nulls(count, field.type) for field in SCHEMA}
    columns["id"] = pa.array([f"pins/{name}" for name in names])
    columns["media"] = pa.ListArray.from_arrays(np.arange(count + 1, dtype=np.int32), media)
    return pa.table(columns).cast(SCHEMA)


def _spelt(number: int) -> str:
    """A word of its own for each number: its digits as letters, some with a capital, a mark or an accent."""
    letters, rest = "", number
    while rest or not letters:
        rest, digit = divmod(rest, 20)
        letters += "etaoinshrdlucmfwypvb"[digit] + "aeiou"[digit % 5]
    letters = letters.capitalize() if number % 5 == 4 else letters
    return letters + ("," if number % 7 == 6 else "") + ("é" if number % 1000 == 999 else "")


def _family(process: int) -> Iterator[int]:
    """A process and all that it started, as far as they are still there."""
    yield process
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _held(process: int) -> float:
    """Bytes in memory, those shared by several processes in equal shares."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
