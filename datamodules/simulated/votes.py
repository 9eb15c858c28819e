"""Annotators of the simulated network, who judge triplets by what words mean (Pins, section 3.2)."""

import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datamodules.simulated.network import pick
from datamodules.simulated.pin_words import Meaning

ANNOTATORS = 40
ASKED = {3: 0.2, 4: 0.3, 5: 0.5}  # annotators of a triplet (section 3.2: 3 to 5) -> share of triplets
ERRORS = (0.02, 0.2)  # of the most and the least careful annotator
WORLD = 0.08  # share of pairs of words that annotators relate for reasons that no pin tells
ANSWERS = ("A", "B", "both", "neither")


class Vote(NamedTuple):
    """One annotator's answer: which of two phrases is more related to the base."""

    id: str
    annotator: str
    answer: str


def simulate_votes(
    triplets: Iterable[tuple[str, str, str, str]], meanings: Mapping[str, Meaning], seed: int
) -> list[Vote]:
    """Return 3 to 5 answers on each triplet (id, base, A, B), by different annotators.

    Two phrases are the more related, the more causes their words share; an annotator who slips answers anything.

    Args:
        triplets: neither side is known to be the positive.
        meanings: of words, as `load_meanings` reads them; any other word means nothing.
        seed: draws who is asked and who slips, and what annotators know beyond pins.
    """
    careless = np.random.default_rng(seed).uniform(*ERRORS, ANNOTATORS)
    votes = []
    for place, (own, base, first, second) in enumerate(triplets):
        rng = np.random.default_rng([seed, place])
        answer = judge(base, first, second, meanings, seed)
        asked = pick(rng, tuple(ASKED), tuple(ASKED.values()))
        for annotator in rng.choice(ANNOTATORS, asked, replace=False).tolist():
            slips = rng.random() < careless[annotator]
            votes.append(Vote(own, f"a{annotator:02d}", ANSWERS[rng.integers(len(ANSWERS))] if slips else answer))
    return votes


def judge(base: str, first: str, second: str, meanings: Mapping[str, Meaning], seed: int) -> str:
    """Return which phrase shares more causes with the base: A, B, both alike, or neither any."""
    a, b = (_related(base, phrase, meanings, seed) for phrase in (first, second))
    if a == b:
        return "both" if a else "neither"
    return "A" if a > b else "B"


def load_meanings(path: Path) -> dict[str, Meaning]:
    """Return the meanings of words from a network's clicks/meanings.jsonl."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return {
        row["word"]: Meaning(cause, value)
        for row in rows
        for cause, value in row.items()
        if cause != "word" and value is not None
    }


def _related(base: str, phrase: str, meanings: Mapping[str, Meaning], seed: int) -> int:
    """Return how many causes the words of two phrases share, and how many pairs are related in the world beyond."""
    ours, theirs = (dict.fromkeys(text.lower().split()) for text in (base, phrase))
    causes = [{meanings[word] for word in words if word in meanings} for words in (ours, theirs)]
    known = 0
    for one in ours:
        for other in theirs:
            pair = zlib.crc32(" ".join(sorted((one, other))).encode())
            known += bool(np.random.default_rng([seed, pair]).random() < WORLD)
    return len(causes[0] & causes[1]) + known
