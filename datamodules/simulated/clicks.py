"""What users of the simulated network search for among pins, find and click on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from datamodules.simulated.network import pick
from datamodules.simulated.pin_words import BOARDS, VALUES, Meaning, names
from datamodules.simulated.pins import FIRST_NUMBER, Pin

QUERIES = 300  # distinct
QUERIES_OF_TWO, ANNOTATIONS_OF_TWO = 0.4, 0.25  # share that has two words
CAUSES = {"scene": 0.34, "theme": 0.6, "weather": 0.06}  # what a query's word is of
WEIGHTS = {"scene": 1.0, "theme": 0.7, "weather": 0.4}  # of what a user meant, in search and clicks
RESULTS = 40  # items that a search returns
ANNOTATIONS = 8  # of an item, at most
SEARCH_NOISE = 0.2  # of the match by which items are returned, a deviation
POPULARITY = 0.7  # log-normal, a deviation
LIKED, ANYHOW = 2.0, 0.05  # clicks on an item of mean popularity: that matches; that doesn't


class Query(NamedTuple):
    """What a user types, and what the user means."""

    phrase: str
    meant: tuple[Meaning, ...]


def draw_clicks(seed: int, pins: Sequence[Pin], queries: int = QUERIES) -> list[dict[str, Any]]:
    """Return the click log: query, item (the picture's file), annotations, clicks; pins without picture aren't found.

    An item's annotations are phrases out of its descriptions, whoever wrote these; clicks follow how well the item
    matches what the user meant, and how popular it is.
    """
    rng = np.random.default_rng([seed, FIRST_NUMBER, 2])
    items = [pin for pin in pins if pin.pictured]
    annotations = [draw_annotations(rng, pin) for pin in items]
    popularity = rng.lognormal(0, POPULARITY, len(items))
    about = {cause: np.array([dict(pin.about)[cause] for pin in items]) for cause in VALUES}
    rows = []
    for query in draw_queries(rng, queries):
        match = _match(query, about)
        found = np.argsort(-(match + rng.normal(0, SEARCH_NOISE, len(items))), kind="stable")[:RESULTS]
        clicks = rng.poisson(popularity[found] * (ANYHOW + (LIKED - ANYHOW) * match[found]))
        rows += [
            {"query": query.phrase, "item": items[place].image, "annotations": annotations[place], "clicks": count}
            for place, count in zip(found.tolist(), clicks.tolist(), strict=True)
        ]
    return rows


def draw_queries(rng: np.random.Generator, count: int) -> list[Query]:
    """Return distinct queries of one or two words that a board uses for scenes, themes and weathers."""
    found: dict[str, Query] = {}
    while len(found) < count:
        board = int(rng.integers(len(BOARDS)))
        words: dict[str, Meaning] = {}
        for _ in range(2 if rng.random() < QUERIES_OF_TWO else 1):
            cause = pick(rng, tuple(CAUSES), tuple(CAUSES.values()))
            taken = [meaning for meaning in words.values() if meaning.cause == cause]  # nobody means two scenes
            meaning = taken[0] if taken else Meaning(cause, pick(rng, VALUES[cause]))
            words[pick(rng, names(meaning, board))] = meaning
        phrase = " ".join(words)
        found.setdefault(phrase, Query(phrase, tuple(dict.fromkeys(words.values()))))
    return list(found.values())


def draw_annotations(rng: np.random.Generator, pin: Pin) -> list[str]:
    """Return distinct phrases of one or two words out of a pin's descriptions, the two of one description."""
    told = [description.words for description in pin.descriptions if description.words]
    phrases: dict[str, None] = {}
    for _ in range(ANNOTATIONS if told else 0):
        words = pick(rng, told)
        size = 2 if rng.random() < ANNOTATIONS_OF_TWO else 1
        chosen = sorted(rng.permutation(len(words))[:size].tolist())
        phrases[" ".join(words[place] for place in chosen)] = None
    return list(phrases)


def _match(query: Query, about: dict[str, np.ndarray]) -> np.ndarray:
    """Return how well each pin matches what was meant, 0 to 1."""
    weights = np.array([WEIGHTS[meaning.cause] for meaning in query.meant])
    right = np.array([about[meaning.cause] == meaning.value for meaning in query.meant])  # (causes, pins)
    return weights @ right / weights.sum()
