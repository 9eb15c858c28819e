"""Mirrors datamodules/simulated/reactions.py."""

import math
from collections import Counter

import numpy as np
import pytest

from datamodules.simulated.reactions import Reaction, draw_reactions, drawn_to
from datamodules.simulated.timeline_words import GROUPS
from datamodules.simulated.timelines import Account, draw_account

GROUP_OF = {brand: name for name, group in GROUPS.items() for brand in group.brands}


@pytest.fixture(scope="module")
def accounts() -> list[Account]:
    return [draw_account(0, number) for number in range(800)]


@pytest.fixture(scope="module")
def reactions(accounts: list[Account]) -> list[Reaction]:
    return draw_reactions(0, accounts)


def test_topics_taste_and_weather_draw_a_user_to_a_group() -> None:
    account = draw_account(0, 0)._replace(
        topics=("baking", "chess"), scenes=("bus", "jam", "fire"), weather="grey", group=None
    )
    assert drawn_to(account, "crafts") == pytest.approx(0.018)
    second = account._replace(topics=("baking", "sewing"))
    assert drawn_to(second, "crafts") == pytest.approx(0.018 * math.exp(3.6 * 0.5))
    pictured = account._replace(scenes=("bus", "house", "garden"), weather="rain")
    assert drawn_to(pictured, "crafts") == pytest.approx(0.018 * math.exp(3.6 * (2 * (0.25 + 0.15) + 0.4)))
    everything = pictured._replace(topics=("sewing", "painting"))
    assert drawn_to(everything, "crafts") == 8
    assert drawn_to(everything, "shows") == pytest.approx(0.018)


def test_a_seed_gives_the_same_reactions_and_a_user_more_changes_none(
    accounts: list[Account], reactions: list[Reaction]
) -> None:
    assert draw_reactions(0, accounts[:50]) == reactions[: len(draw_reactions(0, accounts[:50]))]
    assert draw_reactions(1, accounts[:50]) != draw_reactions(0, accounts[:50])


def test_users_react_by_comment_or_follow_and_follow_a_brand_once(
    accounts: list[Account], reactions: list[Reaction]
) -> None:
    kinds = Counter(reaction.kind for reaction in reactions)
    assert set(kinds) == {"comment", "follow"}
    assert kinds["comment"] > kinds["follow"] > 0.5 * kinds["comment"]
    assert set(Counter(reaction for reaction in reactions if reaction.kind == "follow").values()) == {1}
    assert {reaction.brand for reaction in reactions} == set(GROUP_OF)
    brands = {account.name for account in accounts if account.group}
    assert not brands & {reaction.user for reaction in reactions}


def test_who_is_drawn_more_reacts_more_but_chance_has_a_say(accounts: list[Account], reactions: list[Reaction]) -> None:
    reacted = {(reaction.user, GROUP_OF[reaction.brand]) for reaction in reactions}
    pairs = [(account, group) for account in accounts if not account.group for group in GROUPS]
    drawn = np.array([drawn_to(account, group) for account, group in pairs])
    yes = np.array([(account.name, group) in reacted for account, group in pairs])
    assert 0.3 < yes.mean() < 0.45
    shares = [yes[drawn < 0.1].mean(), yes[(drawn > 0.3) & (drawn < 1.5)].mean(), yes[drawn > 3].mean()]
    assert shares[0] < 0.1
    assert 0.2 < shares[1] < 0.8
    assert shares[2] > 0.8
