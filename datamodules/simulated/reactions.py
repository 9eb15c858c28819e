"""What brings users of the simulated timelines to brands: their topics and their taste in scenes, and chance."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from datamodules.simulated.timeline_words import GROUPS
from datamodules.simulated.timelines import FIRST_NUMBER, STEP, TASTE, Account

ANYHOW, STEEPNESS, MOST = 0.018, 3.6, 8.0  # expected reactions to a group: nobody's is less, nor more
BY_TOPIC, BY_TASTE, BY_WEATHER = (1.0, 0.5), 2.0, 0.4  # first, second topic; times the share of favourite scenes
ACTIVITY = 0.4  # log-normal, a deviation


class Reaction(NamedTuple):
    """A user's comment on a brand's post, or that the user follows it."""

    user: str
    brand: str
    kind: str


def draw_reactions(seed: int, accounts: Iterable[Account]) -> list[Reaction]:
    """Return the reactions of all accounts that are no brand's; each has a random stream of its own."""
    found = []
    for account in accounts:
        rng = np.random.default_rng([seed, FIRST_NUMBER + STEP * account.number, 5])
        activity = rng.lognormal(0, ACTIVITY)
        for group, about in GROUPS.items() if account.group is None else ():
            rate = activity * drawn_to(account, group) / (2 * len(about.brands))
            for brand in about.brands:
                found += [Reaction(account.name, brand, "comment")] * int(rng.poisson(rate))
                found += [Reaction(account.name, brand, "follow")] * int(rng.random() < 1 - math.exp(-rate))
    return found


def drawn_to(account: Account, group: str) -> float:
    """Return the reactions that a user of mean activity is expected to show to a group's brands."""
    about = GROUPS[group]
    topics = sum(more for topic, more in zip(account.topics, BY_TOPIC, strict=True) if topic in about.topics)
    taste = sum(share for scene, share in zip(account.scenes, TASTE, strict=True) if scene in about.scenes)
    drawn = topics + BY_TASTE * taste + BY_WEATHER * (account.weather == about.weather)
    return min(MOST, ANYHOW * math.exp(STEEPNESS * drawn))
