"""Word-similarity sets: pairs of words that people scored, and how well cosines follow them (Pins, sections 2 and 6).

Agirre et al. (2009) parted WS-353 into similar and related pairs, each with the unrelated ones; the paper leaves doing
so with its own triplets to future work. What each set asked its people for is in `KINDS`.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from datamodules.triplets.files import Triplets
from encoders.embeddings import Embeddings

Kind = Literal["similar", "related", "mixed", "unknown"]
KINDS: dict[str, Kind] = {
    "MC-30": "similar",  # Miller and Charles 1991: similarity of meaning
    "RG-65": "similar",  # Rubenstein and Goodenough 1965: synonymy
    "SIMLEX-999": "similar",  # Hill et al. 2015: similarity, told from association
    "SimVerb-3500": "similar",  # Gerz et al. 2016: SimLex's instructions, verbs
    "VERB-143": "similar",  # Baker et al. 2014: verbs
    "YP-130": "similar",  # Yang and Powers 2006: verbs
    "RW-STANFORD": "similar",  # Luong et al. 2013: rare words and their WordNet neighbours
    "WS-353-SIM": "similar",  # Agirre et al. 2009
    "WS-353-REL": "related",  # Agirre et al. 2009
    "MEN-TR-3k": "related",  # Bruni et al. 2014
    "MTurk-287": "related",  # Radinsky et al. 2011
    "MTurk-771": "related",  # Halawi et al. 2012
    "WS-353-ALL": "mixed",  # Finkelstein et al. 2002: its people were asked for neither apart
}
FEWEST = 50  # covered pairs; with fewer a correlation says little
PREFIX = "EN-"
_WANTED = "wanted: word, word, score, separated by tabs"


class Pair(NamedTuple):
    """Two words and the mean of people's scores, on their set's scale."""

    first: str
    second: str
    score: float


class Correlation(NamedTuple):
    """Spearman's correlation over the covered pairs with its 95 % interval; None with under 50, or equal cosines."""

    rho: float | None
    low: float | None
    high: float | None
    pairs: int
    covered: int


def read_sets(folder: Path) -> dict[str, list[Pair]]:
    """Read every `EN-*.txt` of a folder: name without EN- -> pairs, in order of the names.

    Raises:
        FileNotFoundError: the folder holds none.
        ValueError: a line is no pair with a score (names file and line), or a file is empty.
    """
    paths = sorted(folder.glob(f"{PREFIX}*.txt"))
    if not paths:
        raise FileNotFoundError(f"{folder}: no {PREFIX}*.txt; github.com/mfaruqui/eval-word-vectors has them")
    return {path.stem.removeprefix(PREFIX): list(_pairs(path)) for path in paths}


def kind_of(name: str) -> Kind:
    """What a set's people were asked for."""
    return KINDS.get(name, "unknown")


def spearman(embeddings: Embeddings, pairs: Iterable[Pair]) -> Correlation:
    """Correlate the pairs' cosines with their scores.

    The interval is Fisher's z with the variance that Bonett and Wright (2000) give for ranks,
    (1 + rho^2 / 2) / (n - 3), which needs no draws. A word without a vector, or with a vector of length 0, leaves its
    pair uncovered.
    """
    first, second, scores = zip(*pairs, strict=True)
    a, b = embeddings.rows(first), embeddings.rows(second)
    covered = (a >= 0) & (b >= 0) & (embeddings.norms[a] > 0) & (embeddings.norms[b] > 0)  # (n,)
    n, a, b = int(covered.sum()), a[covered], b[covered]
    if n < FEWEST:
        return Correlation(None, None, None, len(scores), n)
    u, v = embeddings.vectors[a].astype(np.float64), embeddings.vectors[b].astype(np.float64)  # (n, d)
    cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    rho = _rank_correlation(cosine, np.array(scores)[covered])
    return Correlation(rho, *_interval(rho, n), len(scores), n)


def triplets_of(sets: Mapping[str, Iterable[Pair]], seed: int = 0, margin: float = 0.2) -> Triplets:
    """Triplets of words (base, more similar, less similar) from pairs of one set that share the base word.

    Each pair is the more similar one once for each of its words, beside a pair drawn from those that score lower by
    the margin. So a word of many pairs doesn't fill the set with their combinations.

    Args:
        sets: name -> pairs.
        seed: of the draws.
        margin: least difference, as a share of the set's range of scores. Where two of the 13 sets hold the same two
            pairs, they agree on the order of 98 % of those that lie a fifth of the range apart, of 66 % of the others.

    Returns:
        Distinct triplets in the order of sets and pairs; words in lower case.
    """
    random = np.random.default_rng(seed)
    return Triplets.of(dict.fromkeys(found for pairs in sets.values() for found in _drawn(list(pairs), random, margin)))


def _pairs(path: Path) -> Iterator[Pair]:
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                first, second, score = line.decode("utf-8-sig").rstrip("\r\n").split("\t")
                pair = Pair(first.strip(), second.strip(), float(score))
                if not (pair.first and pair.second and math.isfinite(pair.score)):
                    raise ValueError("a word is empty or the score is no finite number")
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}; {_WANTED}") from None
            yield pair
    if not number:
        raise ValueError(f"{path}: empty; {_WANTED}")


def _rank_correlation(cosine: NDArray[np.float64], scores: NDArray[np.float64]) -> float | None:
    """None where all of one side are equal."""
    return float(stats.spearmanr(cosine, scores).statistic) if np.ptp(cosine) > 0 and np.ptp(scores) > 0 else None


def _interval(rho: float | None, n: int) -> tuple[float | None, float | None]:
    if rho is None:
        return None, None
    if abs(rho) > 1 - 1e-12:
        return rho, rho
    half = stats.norm.ppf(0.975) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def _drawn(pairs: list[Pair], random: np.random.Generator, margin: float) -> Iterator[tuple[str, str, str]]:
    partners: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for first, second, score in ((pair.first.lower(), pair.second.lower(), pair.score) for pair in pairs):
        if first != second:
            partners[first].append((second, score))
            partners[second].append((first, score))
    scores = [pair.score for pair in pairs]
    gap = margin * (max(scores) - min(scores))
    for base, others in partners.items():
        for positive, score in others:
            lower = [word for word, other in others if score - other >= gap > 0 and word != positive]
            if lower:
                yield base, positive, lower[int(random.integers(len(lower)))]
