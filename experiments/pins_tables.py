"""Tables 1 and 2 of the Pins paper: how large the corpora are, and sample triplets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from experiments.arguments import choose
from experiments.comparison import SIMULATED, Folders
from experiments.documents import Block, Document, Footnotes
from experiments.pins_results import read_answers, triplet_file
from experiments.results import read_facts
from experiments.tables import Asked, convert, load_table, read_mapping, table_file

PHRASES = ["Base", "Positive", "Negative"]


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data set of Table 1 as the paper prints it; `unique` words that occur `least` times stand in the text."""

    images: str
    sentences: str
    unique: str = "–"
    least: int | None = None
    notes: list[str] = []


def scale_comparison(asked: Asked) -> Document:
    """Table 1, and the same counts of prepared data sets and of corpora.

    Raises:
        ValueError: a folder is neither.
    """
    path = table_file(asked.name)
    spec = read_mapping(path)
    marks = Footnotes(spec["footnotes"])
    lines = [
        [name + marks.marks(found.notes), found.images, found.sentences, found.unique, str(found.least or "–")]
        for name, found in convert(path, "sets", spec["sets"], dict[str, Scale]).items()
    ]
    header = ["Data set", "Images", "Sentences", "Unique words", "Least count"]
    note = "Unique words stand in the text of Section 3.1; they occur the least count of times or more."
    blocks = [Block("Published", header, lines, [note], words=1)]
    if asked.posts:
        blocks.append(_counted(asked.posts))
    hint = "" if asked.posts else " --posts takes prepared folders and corpora to count."
    return Document(spec["title"], [f"{spec['source']}.{hint}"], blocks, footnotes=marks.used())


def _counted(folders: Sequence[Path]) -> Block:
    header = ["Data set", "Counted", "Images", "Sentences", "Words", "Unique words", "3 times or more"]
    notes = [
        "As written: every description, words between white space. Cleaned: what is left to learn from; unique words "
        "are those of training sentences, before rare ones are left out."
    ]
    return Block("Ours", [*header, "50 times or more"], [_line(folder) for folder in folders], notes)


def _line(folder: Path) -> list[str]:
    if (folder / "corpus.json").is_file():
        from datamodules.sentences import Corpus

        info = Corpus(folder).info
        totals = [sum(part[name] for part in info["parts"].values()) for name in ("sentences", "words")]
        unique = [info["unique_words"][least] for least in ("1", "3", "50")]
        return [info["settings"]["posts"], "cleaned", *(f"{count:,}" for count in (info["pictures"], *totals, *unique))]
    if not (folder / "dataset.json").is_file():
        raise ValueError(
            f"{folder}: neither a prepared data set (dataset.json) nor a corpus of sentences (corpus.json); "
            "`python -m datamodules.prepare` makes the one, the stage `sentences` of a run the other"
        )
    from datamodules.descriptions import count_descriptions
    from datamodules.posts import Posts

    posts = Posts(folder)
    found = count_descriptions(posts)
    counts = (found.images, found.sentences, found.words, *found.unique.values())
    return [posts.info["name"], "as written", *(f"{count:,}" for count in counts)]


def sample_triplets(asked: Asked) -> Document | None:
    """Table 2, and sample triplets of ours with what text alone and model A make of them."""
    path = table_file(asked.name)
    spec = read_mapping(path)
    parts = convert(path, "parts", spec["parts"], dict[str, str])
    table = load_table(spec["table"])
    experiments = choose("experiment", asked.experiments or parts, parts)
    rows = {row.name: row.overrides for row in table.rows if row.name in spec["rows"]}
    results = {name: asked.run(name, rows, asked.seeds[:1]) for name in experiments}
    if not all(results.values()):
        return None
    published = convert(path, "published", spec["published"], list[list[str]])
    blocks = [Block("Gold RP10K (pins): published", PHRASES, published, words=3)]
    for name in experiments:
        blocks.append(_samples(name, parts[name], results[name], int(spec["samples"]), int(spec["seed"]), asked))
    return Document(spec["title"], [f"{spec['source']}."], blocks)


def _samples(experiment: str, part: str, folders: Folders, count: int, draw: int, asked: Asked) -> Block:
    from datamodules.triplets.files import read_triplets

    of_row: Mapping[str, Path] = {row: folder for (row, _), folder in folders.items()}
    first = next(iter(of_row.values()))
    facts, triplets = read_facts(first), read_triplets(triplet_file(first, part))
    ids = np.random.default_rng(draw).choice(triplets.size, min(count, triplets.size), replace=False)
    answers = {row: read_answers(folder, part) for row, folder in of_row.items()}
    lines = []
    for number, phrases in zip(ids.tolist(), triplets.take(ids.tolist()).rows(), strict=True):
        said = [("right" if found.right[number] else "wrong") for found in answers.values()]
        lines.append([facts.label, *phrases, *said])
    reasons = [SIMULATED] * facts.simulated + asked.departures
    notes = [f"{len(lines)} of {triplets.size:,} triplets, drawn at random; rows of seed {asked.seeds[0]}."]
    notes += [f"Not the paper's: {'; '.join(reasons)}."] * bool(reasons)
    header = ["Data set", *PHRASES, *of_row]
    return Block(f"{part} ({experiment}): ours", header, lines, notes, words=len(header))
