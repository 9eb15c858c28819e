"""Is one row better than another: paired tests over seeds, a bootstrap over seeds and posts, and verdicts."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.multitest import multipletests

from experiments.scores import Floats, score
from experiments.tables import Averaging, Metric

ALPHA = 0.05  # the paper's level (CAST, Section 5.1)
MOST_SEEDS = 20  # 2^20 sign vectors are enumerated in a second
DRAWS = 100_000  # sign vectors drawn where they are too many to enumerate

Kind = Literal["superiority", "non_inferiority", "equivalence"]


class Verdict(StrEnum):
    """What the evidence says of a claim; `not shown` is neither for nor against it, `reported` no test."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_SHOWN = "not shown"
    REPORTED = "reported"


class Paired(NamedTuple):
    """Ours minus base over n seeds: mean, 95 % t interval, and p values of both tests, one- and two-sided.

    One-sided p values are small where ours is greater.
    """

    n: int
    mean: float
    low: float
    high: float
    t_greater: float
    t_two_sided: float
    exact_greater: float
    exact_two_sided: float


class Scored(NamedTuple):
    """One seed's test posts: ids, gold classes (P,) and predicted classes (P,).

    With `other`, predicted classes (P,) where something else was given, the score is minus the gap between the two.
    """

    ids: Sequence[str]
    gold: ArrayLike
    predicted: ArrayLike
    other: ArrayLike | None = None


class Ranked(NamedTuple):
    """One seed's queries: ids, gain of each over a random order (P,), its task (P,), weights of the tasks (T,).

    The score is the weighted mean over tasks of the mean over a task's queries.
    """

    ids: Sequence[str]
    gain: ArrayLike
    task: ArrayLike
    weight: ArrayLike


class Resampled(NamedTuple):
    """Bootstrap of a mean difference: 95 % percentile interval and one-sided p, small where ours is greater."""

    mean: float
    low: float
    high: float
    p_greater: float


def paired(ours: Sequence[float], base: Sequence[float]) -> Paired:
    """Compare two rows seed by seed; with one seed all but the mean is nan.

    Raises:
        ValueError: the lists differ in length or are empty.
    """
    difference = _difference(ours, base)
    n, mean = len(difference), float(difference.mean())
    low, high = _interval(difference)
    two_sided = 2 * min(t_greater(difference), t_greater(-difference))
    exact_two_sided = sign_flip(difference, two_sided=True) if n > 1 else np.nan
    exact_greater = sign_flip(difference) if n > 1 else np.nan
    return Paired(n, mean, low, high, t_greater(difference), two_sided, exact_greater, exact_two_sided)


def t_greater(difference: ArrayLike) -> float:
    """One-sided p of the paired t-test that the mean of `difference` (n,) is above 0; nan for one seed.

    Equal differences have no spread: p is 0 where they are above 0, 1 below, 1/2 at 0.
    """
    difference = np.asarray(difference, float)
    if len(difference) < 2:
        return float("nan")
    if np.ptp(difference) <= 1e-12:
        return float((1 - np.sign(np.round(difference[0], 12))) / 2)
    return float(stats.ttest_1samp(difference, 0.0, alternative="greater").pvalue)


def sign_flip(difference: ArrayLike, two_sided: bool = False) -> float:
    """Exact p over all 2^n sign vectors: share of flipped means at least as great (in size) as the mean seen.

    Exact up to 20 seeds; above them over 100,000 drawn sign vectors and the one seen.
    """
    difference = np.asarray(difference, float)
    n = len(difference)
    if n > MOST_SEEDS:
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (DRAWS, n))
        flipped = np.append(signs @ difference, difference.sum())  # (DRAWS + 1,)
    else:
        flipped = np.zeros(1)
        for value in difference:  # sums over all sign vectors, doubled seed by seed
            flipped = np.concatenate([flipped + value, flipped - value])  # (2^i,)
    seen = difference.sum()
    flipped, seen = (np.abs(flipped), abs(seen)) if two_sided else (flipped, seen)
    return float((flipped >= seen - 1e-12 * n).mean())


def smallest_exact_p(n: int) -> float:
    """Least two-sided p that n seeds can give in the exact test: 2 of 2^n sign vectors."""
    return min(1.0, 2.0 ** (1 - n))


def seeds_warning(n: int) -> str | None:
    """A sentence where n seeds are too few for any exact two-sided p below the level, else None."""
    if smallest_exact_p(n) <= ALPHA:
        return None
    least = f"{smallest_exact_p(n):.4f}".rstrip("0").rstrip(".")
    return f"{n} seed{'s' * (n > 1)} can't give an exact two-sided p below {least}; use 6 or more."


def bootstrap(
    ours: Sequence[Scored | Ranked],
    base: Sequence[Scored | Ranked],
    metric: Metric,
    averaging: Averaging,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Resample seeds and, within them, posts; both rows get the same posts of the same seed.

    Where all seeds have the same posts, one draw of posts serves them all (crossed), else each has its own (nested).

    Args:
        ours: one a seed.
        base: the same seeds, on the same posts.
        metric: what is compared of classes.
        averaging: over classes.
        draws: resampled pairs of rows.
        seed: of the resampling.

    Raises:
        ValueError: a seed's posts differ between the rows.
    """
    random = np.random.default_rng(seed)
    crossed = all(list(run.ids) == list(ours[0].ids) for run in ours)
    differences, posts = [], _draw_posts(random, len(ours[0].ids), draws)
    for number, (mine, other) in enumerate(zip(ours, base, strict=True)):
        if list(mine.ids) != list(other.ids):
            raise ValueError(f"the rows' posts differ in seed number {number}; compare rows on one test set")
        if number and not crossed:
            posts = _draw_posts(random, len(mine.ids), draws)
        scores = [_drawn_scores(posts, run, metric, averaging) for run in (mine, other)]  # 2 x (draws + 1,)
        differences.append(scores[0] - scores[1])
    table = np.stack(differences, axis=1)  # (draws + 1, seeds); the first row is the posts as they are
    seeds = random.multinomial(len(ours), np.full(len(ours), 1 / len(ours)), size=draws)  # (draws, seeds)
    means = (table[1:] * seeds).sum(1) / len(ours)  # (draws,)
    low, high = np.quantile(means, [0.025, 0.975])
    return Resampled(float(table[0].mean()), float(low), float(high), float((1 + (means <= 0).sum()) / (draws + 1)))


def evidence(difference: ArrayLike, kind: Kind = "superiority", margin: float = 0.0) -> tuple[float, float]:
    """Return p of the claim and p of its opposite, both by one-sided t-tests on ours minus base (n,).

    Superiority: the mean is above the margin. Non-inferiority: above -margin. Equivalence: within +-margin (two
    one-sided tests, the larger p); its opposite is beyond either margin (the smaller p, doubled). One seed: (1, 1).
    """
    difference = np.asarray(difference, float)
    if len(difference) < 2:
        return 1.0, 1.0
    if kind == "equivalence":
        inside = max(t_greater(difference + margin), t_greater(margin - difference))
        return inside, min(1.0, 2 * min(t_greater(-difference - margin), t_greater(difference - margin)))
    margin = margin if kind == "non_inferiority" else -margin
    return t_greater(difference + margin), t_greater(-difference - margin)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given."""
    return [float(p) for p in multipletests(list(p_values), method="holm")[1]] if len(p_values) else []


def verdict(p_claim: float, p_opposite: float) -> Verdict:
    """Holds or fails where the claim's or its opposite's (adjusted) p is below the level, else not shown."""
    if p_claim < ALPHA:
        return Verdict.HOLDS
    return Verdict.FAILS if p_opposite < ALPHA else Verdict.NOT_SHOWN


def _difference(ours: Sequence[float], base: Sequence[float]) -> Floats:
    if len(ours) != len(base) or not len(ours):
        raise ValueError(f"paired tests need the same seeds on both sides: {len(ours)} and {len(base)} given")
    return np.asarray(ours, float) - np.asarray(base, float)


def _interval(difference: Floats) -> tuple[float, float]:
    n, mean = len(difference), difference.mean()
    if n < 2:
        return float("nan"), float("nan")
    half = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return float(mean - half), float(mean + half)


def _draw_posts(random: np.random.Generator, posts: int, draws: int) -> Floats:
    """How often each post is in each draw, (draws + 1, P); the first row is the posts as they are."""
    drawn = random.multinomial(posts, np.full(posts, 1 / posts), size=draws)
    return np.concatenate([np.ones((1, posts)), drawn])


def _drawn_scores(posts: Floats, run: Scored | Ranked, metric: Metric, averaging: Averaging) -> Floats:
    """A run's score on each draw of posts, (draws + 1,)."""
    if isinstance(run, Ranked):
        return _drawn_gains(posts, run)
    said = [each for each in (run.gold, run.predicted, run.other) if each is not None]
    classes = max(2, 1 + max(int(np.max(each)) for each in said))
    scores = score(_counts(posts, run.gold, run.predicted, classes), metric, averaging)
    if run.other is None:
        return scores
    return -np.abs(scores - score(_counts(posts, run.gold, run.other, classes), metric, averaging))


def _drawn_gains(posts: Floats, run: Ranked) -> Floats:
    """Weighted mean over tasks, (draws + 1,); a task that a draw has no query of counts as 0, no gain."""
    gain, weight = np.asarray(run.gain, float), np.asarray(run.weight, float)
    tasks = np.eye(len(weight))[np.asarray(run.task)]  # (P, T)
    counts = posts @ tasks  # (draws + 1, T)
    return np.divide(posts @ (tasks * gain[:, None]), counts, out=np.zeros_like(counts), where=counts > 0) @ weight


def _counts(posts: Floats, gold: ArrayLike, predicted: ArrayLike, classes: int) -> Floats:
    """Counts (draws + 1, C, C) of (gold, predicted); posts without a gold class are left out."""
    gold, predicted = np.asarray(gold), np.asarray(predicted)
    cells = np.zeros((len(gold), classes**2))
    known = gold >= 0
    cells[known, (gold * classes + predicted)[known]] = 1
    return (posts @ cells).reshape(-1, classes, classes)
