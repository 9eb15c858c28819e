"""A look into one row of the Pins paper: which triplets its embeddings get right, which words they hold near."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.documents import Block, Document, percent
from experiments.finished import settings_of
from experiments.pins_pages import nearest_words
from experiments.pins_results import read_answers, read_known, row_embeddings, triplet_file
from experiments.pins_words import similar_words
from experiments.results import read_facts, read_metrics, scored_parts

if TYPE_CHECKING:
    from datamodules.triplets.files import Triplets
    from encoders.embeddings import Embeddings

WORDS, NEIGHBOURS = 8, 6  # whose neighbours are shown, and how many of each

Rows = Mapping[str, Path]  # what a row is called -> its folder


def triplet_document(folder: Path, base: Path | None, part: str, count: int, seed: int = 0) -> Document:
    """The report of a `scores` stage; a row without embeddings has nothing but its name and n/a.

    Args:
        folder: of the stage.
        base: another one, scored on the same triplets.
        part: whose triplets are shown; scores are of all parts.
        count: triplets that are shown.
        seed: of their draw.

    Raises:
        FileNotFoundError: a folder is not that of a finished stage, or a part's triplets are gone.
        ValueError: the two were scored on other triplets.
    """
    rows = {"ours": folder} | ({"base": base} if base else {})
    embeddings = {row: found for row, stage in rows.items() if (found := row_embeddings(stage)) is not None}
    facts = read_facts(folder)
    intro = ["Simulated triplets of our own: nothing here is comparable with a published number."] * facts.simulated
    intro.append(" ".join([f"Data set {facts.label}.", *map(_vectors, rows, rows.values())]))
    blocks = [_scores(rows)]
    if embeddings:
        known = {row: rows[row] for row in embeddings}
        blocks += similar_words({row: [stage] for row, stage in known.items()})
        blocks.append(_samples(known, part, count, seed))
        words = list(islice(content_words(next(iter(embeddings.values()))), WORDS))
        title = f"Nearest words of the {WORDS} most frequent content words"
        blocks.append(nearest_words(title, embeddings, words, NEIGHBOURS))
    return Document(f"Report of {folder.name}", intro, blocks)


def content_words(embeddings: "Embeddings") -> "Iterator[str]":
    """Words of two letters or more that are no English stop words, in their order, mostly the most frequent first."""
    from datamodules.sentences.stop_words import stop_words

    stop = stop_words()
    return (word for word in embeddings.words if len(word) > 1 and word.isalpha() and word.lower() not in stop)


def _vectors(row: str, folder: Path) -> str:
    """What was scored, without the machine's folders."""
    facts, source = read_known(folder), settings_of(folder)["embeddings"]
    if not facts:
        return f"{row.capitalize()}: no embeddings; --protocol.vectors names their file."
    return f"{row.capitalize()}: {facts['words']:,} words, {facts['dim']} numbers each, of {Path(source).name}."


def _scores(rows: Rows) -> Block:
    lines = []
    for part in scored_parts(rows["ours"]):
        for row, folder in rows.items():
            if part in scored_parts(folder):
                found = read_metrics(folder, part)
                shares = [percent(found[name]) for name in ("accuracy", "covered_accuracy", "coverage")]
                lines.append([part, row, f"{found['triplets']:,}", *shares])
    notes = ["Right and covered in percent; covered: each of the three phrases has a known word. Others are wrong."]
    return Block(
        "Triplets of all parts", ["Part", "Row", "Triplets", "Right", "Right of covered", "Covered"], lines, notes
    )


def _samples(rows: Rows, part: str, count: int, seed: int) -> Block:
    """Triplets drawn at random; of two rows, first among those on which they differ."""
    triplets, answers = _same_triplets(rows, part), {row: read_answers(stage, part) for row, stage in rows.items()}
    right = np.stack([found.right for found in answers.values()])  # (rows, N)
    differ = (right != right[0]).any(0)
    draw = np.random.default_rng(seed)
    ids = np.concatenate([draw.permutation(np.flatnonzero(which)) for which in (differ, ~differ)])[:count]
    lines = [
        [*phrases, *(_said(bool(found.right[at]), bool(found.covered[at])) for found in answers.values())]
        for at, phrases in zip(ids.tolist(), triplets.take(ids.tolist()).rows(), strict=True)
    ]
    notes = [f"{len(lines)} of {triplets.size:,} triplets, drawn at random."]
    if len(rows) > 1:
        alone = [int((differ & which).sum()) for which in right]
        notes = [f"{notes[0][:-1]}, first of those on which the two rows differ."]
        notes.append(f"Ours alone is right on {alone[0]:,}, base alone on {alone[1]:,}.")
    header = ["Base phrase", "Positive", "Negative", *rows]
    return Block(f"{part} triplets", header, lines, [" ".join(notes)], words=len(header))


def _same_triplets(rows: Rows, part: str) -> "Triplets":
    """The part's triplets; ValueError where two rows were scored on different ones."""
    from datamodules.triplets.files import read_triplets

    first, *others = [read_triplets(triplet_file(folder, part)) for folder in rows.values()]
    if any(not mine.equals(theirs) for other in others for mine, theirs in zip(first, other, strict=True)):
        raise ValueError(f"{rows['base']}: its {part} triplets are not those of {rows['ours']}")
    return first


def _said(right: bool, covered: bool) -> str:
    return "right" if right else "wrong" if covered else "wrong: unknown words"
