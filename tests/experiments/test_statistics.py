"""Mirrors experiments/statistics.py."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from experiments.statistics import (
    Scored,
    Verdict,
    bootstrap,
    evidence,
    holm,
    paired,
    seeds_warning,
    sign_flip,
    t_greater,
    verdict,
)

OURS = [71.2, 70.9, 72.5, 71.8, 70.1, 73.0, 71.1, 72.2]
BASE = [70.8, 70.1, 71.0, 72.0, 69.9, 71.2, 70.5, 71.0]


def test_paired_t_test_is_that_of_scipy() -> None:
    found = paired(OURS, BASE)
    assert found.t_greater == pytest.approx(stats.ttest_rel(OURS, BASE, alternative="greater").pvalue)
    assert found.t_two_sided == pytest.approx(stats.ttest_rel(OURS, BASE).pvalue)
    interval = stats.ttest_rel(OURS, BASE).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.mean == pytest.approx(np.mean(OURS) - np.mean(BASE))


def test_sign_flip_counts_all_sign_vectors_by_hand() -> None:
    difference = np.subtract(OURS, BASE)
    means = [np.mean(difference * signs) for signs in itertools.product([1, -1], repeat=8)]
    assert sign_flip(difference) == np.mean([mean >= difference.mean() - 1e-12 for mean in means])
    assert sign_flip(difference, two_sided=True) == np.mean([abs(mean) >= difference.mean() - 1e-12 for mean in means])


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_sign_flip_is_scipys_exact_permutation_test(alternative: str) -> None:
    random = np.random.default_rng(1)
    for _ in range(5):
        ours, base = random.normal(0.3, 1, 7), random.normal(0, 1, 7)
        reference = stats.permutation_test(
            (ours, base),
            lambda x, y: np.mean(x - y),
            permutation_type="samples",
            alternative=alternative,
            n_resamples=np.inf,
        )
        assert sign_flip(ours - base, alternative == "two-sided") == pytest.approx(reference.pvalue)


def test_five_seeds_that_all_gain_have_an_exact_two_sided_p_of_one_in_sixteen() -> None:
    assert paired([2, 3, 4, 5, 6], [1, 1, 1, 1, 1]).exact_two_sided == 0.0625
    assert "5 seeds can't give an exact two-sided p below 0.0625" in (seeds_warning(5) or "")
    assert seeds_warning(6) is None
    assert "1 seed can't" in (seeds_warning(1) or "")


def test_equal_differences_have_a_direction_but_no_spread() -> None:
    assert t_greater([1.0, 1.0, 1.0]) == 0.0
    assert t_greater([-1.0, -1.0]) == 1.0
    assert paired([1, 2, 3], [1, 2, 3]).t_two_sided == 1.0


def test_one_seed_has_a_mean_and_no_test() -> None:
    found = paired([2.0], [1.5])
    assert found.mean == 0.5
    assert np.isnan([found.low, found.t_greater, found.exact_greater, found.exact_two_sided]).all()


def test_unpaired_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="same seeds"):
        paired([1.0, 2.0], [1.0])


@pytest.mark.parametrize("two_sided", [False, True])
def test_above_20_seeds_sign_vectors_are_drawn(two_sided: bool) -> None:
    difference = np.random.default_rng(1).normal(0.2, 1, 24)
    other = "two-sided" if two_sided else "greater"
    drawn = stats.permutation_test((difference,), np.mean, permutation_type="samples", alternative=other,
                                   n_resamples=50_000, rng=np.random.default_rng(2))  # fmt: skip
    assert sign_flip(difference, two_sided) == pytest.approx(drawn.pvalue, abs=0.006)
    assert sign_flip(np.ones(21)) < 1e-4


def test_holm_by_hand() -> None:
    # sorted 0.01, 0.02, 0.03, 0.2: times 4, 3, 2, 1 and never falling
    assert holm([0.03, 0.01, 0.2, 0.02]) == pytest.approx([0.06, 0.04, 0.2, 0.06])
    assert holm([]) == []


def test_superiority_holds_fails_or_is_not_shown() -> None:
    difference = np.subtract(OURS, BASE)
    assert verdict(*evidence(difference)) is Verdict.HOLDS
    assert verdict(*evidence(-difference)) is Verdict.FAILS
    assert verdict(*evidence([1.0, -1.0, 0.4, -0.5])) is Verdict.NOT_SHOWN
    assert verdict(*evidence([5.0])) is Verdict.NOT_SHOWN


def test_non_inferiority_allows_its_margin_and_no_more() -> None:
    slightly_worse = np.array([-0.5, -0.4, -0.6, -0.5, -0.45])
    assert verdict(*evidence(slightly_worse, "non_inferiority", 1.0)) is Verdict.HOLDS
    assert verdict(*evidence(slightly_worse, "superiority")) is Verdict.FAILS
    assert verdict(*evidence(slightly_worse - 1, "non_inferiority", 1.0)) is Verdict.FAILS
    p_claim, _ = evidence(slightly_worse, "non_inferiority", 1.0)
    assert p_claim == pytest.approx(stats.ttest_1samp(slightly_worse, -1.0, alternative="greater").pvalue)


def test_equivalence_is_two_one_sided_tests() -> None:
    from statsmodels.stats.weightstats import DescrStatsW

    small = np.array([0.1, -0.2, 0.05, 0.15, -0.1, 0.0])
    assert evidence(small, "equivalence", 0.5)[0] == pytest.approx(DescrStatsW(small).ttost_mean(-0.5, 0.5)[0])
    assert verdict(*evidence(small, "equivalence", 0.5)) is Verdict.HOLDS
    assert verdict(*evidence(small, "equivalence", 0.05)) is Verdict.NOT_SHOWN
    assert verdict(*evidence(small + 2, "equivalence", 0.5)) is Verdict.FAILS
    assert verdict(*evidence(small - 2, "equivalence", 0.5)) is Verdict.FAILS


def _runs(right: float, seeds: int, posts: int, nested: bool) -> list[Scored]:
    runs = []
    for seed in range(seeds):
        random = np.random.default_rng(100 * seed + int(10 * right))
        gold = np.random.default_rng(seed if nested else 0).integers(0, 3, posts)
        predicted = np.where(random.random(posts) < right, gold, (gold + 1) % 3)
        runs.append(Scored([f"{seed * nested}/{post}" for post in range(posts)], gold, predicted))
    return runs


@pytest.mark.parametrize("nested", [False, True])
def test_bootstrap_has_the_difference_of_scikit_learn_and_a_sound_interval(nested: bool) -> None:
    ours, base = _runs(0.8, 4, 300, nested), _runs(0.6, 4, 300, nested)
    found = bootstrap(ours, base, "f1", "weighted", draws=400)
    expected = [
        f1_score(mine.gold, mine.predicted, average="weighted")
        - f1_score(other.gold, other.predicted, average="weighted")
        for mine, other in zip(ours, base, strict=True)
    ]
    assert found.mean == pytest.approx(np.mean(expected))
    assert found.low < found.mean < found.high
    assert found.low > 0.1
    assert found.p_greater == pytest.approx(1 / 401)


def test_bootstrap_of_one_seed_has_the_spread_of_resampled_posts() -> None:
    ours, base = _runs(0.8, 1, 400, False), _runs(0.7, 1, 400, False)
    difference = (ours[0].gold == ours[0].predicted).astype(float) - (base[0].gold == base[0].predicted)
    found = bootstrap(ours, base, "accuracy", "weighted", draws=4000)
    reference = stats.bootstrap((difference,), np.mean, method="percentile", n_resamples=4000, rng=0)
    interval = reference.confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.006)


def test_bootstrap_refuses_rows_on_other_posts() -> None:
    with pytest.raises(ValueError, match="posts differ"):
        bootstrap(_runs(0.8, 2, 30, False), _runs(0.7, 2, 31, False), "f1", "macro", draws=10)
