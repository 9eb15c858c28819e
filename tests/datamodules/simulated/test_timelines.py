"""Mirrors datamodules/simulated/timelines.py."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np

from datamodules.simulated.scenes import KINDS, WEATHERS
from datamodules.simulated.timeline_words import GROUPS, TOPICS
from datamodules.simulated.timelines import (
    BRANDS,
    FIRST_NUMBER,
    Account,
    Said,
    draw_account,
    draw_picture,
    draw_shared,
    draw_timelines,
    typical_scenes,
)


def accounts(timelines: list[Said]) -> list[Account]:
    return list({said.account.number: said.account for said in timelines}.values())


def own(timelines: list[Said], pictured: bool) -> list[Said]:
    """Posts on topic that no other one is the source of."""
    return [
        said
        for said in timelines
        if not said.off_topic and not said.repeated and said.picture == (said.number if pictured else None)
    ]


def test_a_count_changes_no_post_and_cuts_the_last_timeline(timelines: list[Said]) -> None:
    assert draw_timelines(0, 137) == timelines[:137]
    assert draw_timelines(0, 0) == []
    assert draw_timelines(1, 137) != timelines[:137]


def test_most_accounts_have_more_than_20_posts_and_some_fewer() -> None:
    sizes = [draw_account(0, number).posts for number in range(300)]
    assert (min(sizes), max(sizes)) == (3, 60)
    assert 0.08 < np.mean([size <= 20 for size in sizes]) < 0.17
    assert 34 < np.mean(sizes) < 39


def test_names_are_distinct_and_some_are_not_ascii() -> None:
    names = [draw_account(0, number).name for number in range(300)]
    assert len(set(names)) == 300
    assert 0.2 < np.mean([not name.isascii() for name in names]) < 0.45


def test_every_brand_has_one_account_whose_topics_and_taste_are_its_groups() -> None:
    brands = [account for number in range(400) if (account := draw_account(0, number)).group]
    assert [(account.name, account.group) for account in brands] == BRANDS
    for account in brands:
        about = GROUPS[str(account.group)]
        assert (account.topics, account.scenes[:2]) == (about.topics, about.scenes)
        assert len(set(account.scenes)) == 3


def test_numbers_are_an_accounts_own_and_its_posts_are_in_order_of_time(timelines: list[Said]) -> None:
    numbers = [said.number for said in timelines]
    assert numbers == sorted(set(numbers))
    for said, after in pairwise(timelines):
        assert (said.number - FIRST_NUMBER) // 100 == said.account.number
        assert said.account.number != after.account.number or said.created_at < after.created_at


def test_two_topics_share_one_typical_scene_at_most() -> None:
    scenes = typical_scenes(0)
    assert tuple(scenes) == tuple(TOPICS)
    assert {len(set(kinds)) for kinds in scenes.values()} == {3}
    assert all(len(set(scenes[one]) & set(scenes[other])) <= 1 for one, other in combinations(TOPICS, 2))
    assert typical_scenes(1) != scenes


def test_a_user_posts_about_two_topics_and_now_and_then_about_anything(timelines: list[Said]) -> None:
    kept = [said for said in timelines if not said.off_topic]
    assert all(said.subject.topic in said.account.topics for said in kept)
    assert abs(np.mean([said.subject.topic == said.account.topics[0] for said in kept]) - 0.65) < 0.05
    assert abs(np.mean([said.off_topic for said in timelines]) - 0.12) < 0.02


def test_pictures_follow_the_users_taste_and_posts_without_seldom(timelines: list[Said]) -> None:
    """By hand: a favourite by taste, by a typical scene that is one, or by chance (3 of 12 scenes)."""
    typical = typical_scenes(0)
    for pictured, share in ((True, 0.7), (False, 0.15)):
        posts = own(timelines, pictured)
        found = np.mean([said.subject.kind in said.account.scenes for said in posts])
        by_topic = np.mean([len(set(typical[said.subject.topic]) & set(said.account.scenes)) / 3 for said in posts])
        assert abs(found - (share + 0.2 * by_topic + (0.8 - share) * 3 / 12)) < 0.05
    weather = np.mean([said.subject.weather == said.account.weather for said in own(timelines, True)])
    assert 0.6 < weather < 0.75


def test_scenes_are_typical_of_topics_beyond_chance(timelines: list[Said]) -> None:
    typical = typical_scenes(0)
    found = np.mean([said.subject.kind in typical[said.subject.topic] for said in own(timelines, False)])
    assert 0.35 < found < 0.5  # 0.2 + 0.8 x 3 of 12


def test_one_post_in_three_has_a_picture_and_few_have_no_text(timelines: list[Said]) -> None:
    pictured = [said for said in timelines if said.picture is not None]
    assert abs(len(pictured) / len(timelines) - 1 / 3) < 0.03
    assert 0.01 < np.mean([said.text is None for said in pictured]) < 0.05
    assert all(said.text for said in timelines if said.picture is None)


def test_some_pictures_go_round_among_several_users(timelines: list[Said]) -> None:
    shown = {number: subject for pictures in draw_shared(0).values() for number, subject in pictures}
    assert len(shown) == 40
    pictured = [said for said in timelines if said.picture is not None]
    copies = [said for said in pictured if said.picture != said.number]
    assert 0.05 < len(copies) / len(pictured) < 0.11
    assert all(shown[said.picture or 0] == said.subject for said in copies)
    users = Counter(picture for picture, _ in {(said.picture, said.account.number) for said in copies})
    assert np.mean([count > 1 for count in users.values()]) > 0.5
    texts = {said.text for said in copies if said.text}
    assert len(texts) > 0.9 * len([said for said in copies if said.text])


def test_some_texts_come_back_nearly_the_same_with_the_same_subject(timelines: list[Said]) -> None:
    repeated = [said for said in timelines if said.repeated]
    assert 0.03 < len(repeated) / len(timelines) < 0.07
    by_account: dict[int, list[Said]] = {}
    for said in timelines:
        before = by_account.setdefault(said.account.number, [])
        if said.repeated:
            words = set((said.text or "").split())
            near = [
                other
                for other in before
                if other.text and len(words & set(other.text.split())) >= 0.6 * len(words | set(other.text.split()))
            ]
            assert any(other.subject == said.subject for other in near)
        before.append(said)


def test_a_picture_shows_scene_and_weather_and_never_the_topic(timelines: list[Said]) -> None:
    subject = timelines[0].subject
    picture = np.asarray(draw_picture(0, 5, subject))
    assert picture.shape == (64, 64, 3)
    np.testing.assert_array_equal(np.asarray(draw_picture(0, 5, subject._replace(topic="x"))), picture)
    other_kind = next(kind for kind in KINDS if kind != subject.kind)
    other_sky = next(weather for weather in WEATHERS if weather != subject.weather)
    for other in (subject._replace(kind=other_kind), subject._replace(weather=other_sky)):
        assert not np.array_equal(np.asarray(draw_picture(0, 5, other)), picture)


def test_the_share_of_posts_with_a_picture_can_be_chosen() -> None:
    few, all_of_them = (draw_timelines(0, 1000, pictured=share) for share in (0.1, 1.0))
    assert 60 < sum(said.picture is not None for said in few) < 140
    assert all(said.picture is not None for said in all_of_them)
