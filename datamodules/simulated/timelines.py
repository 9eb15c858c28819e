"""Timelines of the simulated network: users with interests, tastes and dialects, and what they post."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from PIL import Image

from datamodules.simulated.network import pick
from datamodules.simulated.pictures import render
from datamodules.simulated.scenes import KINDS, SCENES, WEATHERS
from datamodules.simulated.timeline_texts import Dialect, Subject, draw_dialect, repeat, write_text
from datamodules.simulated.timeline_words import FIRST_NAMES, GROUPS, TOPICS

FIRST_NUMBER = 9_000_000  # beyond those of the other posts
STEP = 100  # numbers that an account's posts may have
FEW, SMALL, SIZES = 0.12, (3, 21), (21, 61)  # share of accounts with few posts; posts of these, of the others: below
BRAND_EVERY = 25  # accounts, of which one is a brand's
BRANDS = [(brand, group) for group, about in GROUPS.items() for brand in about.brands]
MAIN = 0.65  # share of a user's posts about the first of two topics, of those about either
OFF_TOPIC = 0.12  # share of posts about anything
TASTE = (0.6, 0.25, 0.15)  # shares of a user's three favourite scenes
BY_TASTE = {True: 0.7, False: 0.15}  # share of posts, with and without picture, about a favourite scene of the user
BY_TOPIC = 0.2  # share of posts about a scene that is typical of the topic; the others are about any
OWN_WEATHER, SCENE_WEATHER = 0.5, 0.25  # share in the user's favourite weather, in the scene's; or any
PICTURED = 1 / 3  # share of posts; the paper has 1 in 7.5 on Twitter and all on Instagram
WITHOUT_TEXT = 0.03  # share of the pictures
SHARED, SHARED_OF_TOPIC = 0.08, 4  # share of pictures that go round, and how many of these a topic has
REPEATED = 0.05  # share of posts whose text the same user has written before, or nearly
IN_SECONDS = 0.25  # share of accounts whose program writes moments as seconds since 1970
EVERY = 3 * 24 * 60  # minutes from post to post, on average
BEGINNING = datetime(2018, 1, 1, tzinfo=UTC)


class Account(NamedTuple):
    """A user or a brand, and all that its posts follow from."""

    number: int
    name: str
    group: str | None  # of a brand
    topics: tuple[str, str]
    scenes: tuple[str, ...]  # favourite first
    weather: str
    dialect: Dialect
    posts: int
    seconds: bool  # how it writes moments

    @property
    def first(self) -> int:
        """Number of its first post."""
        return FIRST_NUMBER + STEP * self.number


class Said(NamedTuple):
    """A post and its causes."""

    number: int
    account: Account
    subject: Subject
    off_topic: bool
    text: str | None
    repeated: bool
    picture: int | None  # number whose stream draws it: the post's own, or that of a picture that goes round
    created_at: datetime


def draw_timelines(seed: int, count: int, pictured: float = PICTURED) -> list[Said]:
    """Return posts account by account, each account's by time; a count changes none but that it ends the last one.

    `pictured` is the share of posts with a picture.
    """
    scenes, shared, said = typical_scenes(seed), draw_shared(seed), list[Said]()
    number = 0
    while len(said) < count:
        said += _timeline(seed, draw_account(seed, number), scenes, shared, pictured)
        number += 1
    return said[:count]


def draw_account(seed: int, number: int) -> Account:
    """Return an account; one in 25 is a brand's, until all brands have one."""
    rng = np.random.default_rng([seed, FIRST_NUMBER + STEP * number, 3])
    place, turn = divmod(number, BRAND_EVERY)
    brand, group = BRANDS[place] if turn == BRAND_EVERY // 2 and place < len(BRANDS) else (None, None)
    topics = rng.permutation(tuple(TOPICS)).tolist()[:2]
    scenes = rng.permutation(KINDS).tolist()
    if group is not None:
        topics, own = list(GROUPS[group].topics), GROUPS[group].scenes
        scenes = [*own, *(scene for scene in scenes if scene not in own)]
    small = rng.random() < FEW
    return Account(
        number,
        brand or f"{pick(rng, FIRST_NAMES)}_{number}",
        group,
        (topics[0], topics[1]),
        tuple(scenes[: len(TASTE)]),
        pick(rng, WEATHERS),
        draw_dialect(rng),
        int(rng.integers(*SMALL)) if small else int(rng.integers(*SIZES)),
        bool(rng.random() < IN_SECONDS),
    )


def typical_scenes(seed: int) -> dict[str, tuple[str, ...]]:
    """Return three scenes for each topic, another three with another seed; two topics share one at most."""
    order = np.random.default_rng([seed, FIRST_NUMBER, 6]).permutation(KINDS).tolist()
    steps = (0, 1, 3)  # no two of them are as far apart as two others
    return {topic: tuple(order[(place + step) % len(order)] for step in steps) for place, topic in enumerate(TOPICS)}


def draw_shared(seed: int) -> dict[str, list[tuple[int, Subject]]]:
    """Return the pictures of each topic that go round, by number and what they show."""
    rng, number = np.random.default_rng([seed, FIRST_NUMBER, 7]), FIRST_NUMBER
    found: dict[str, list[tuple[int, Subject]]] = {}
    for topic in [topic for topic in TOPICS for _ in range(SHARED_OF_TOPIC)]:
        number -= 1
        found.setdefault(topic, []).append((number, Subject(topic, pick(rng, KINDS), pick(rng, WEATHERS))))
    return found


def draw_picture(seed: int, number: int, subject: Subject) -> Image.Image:
    """Return a picture by its number: the scene in its weather, never the topic."""
    return render(np.random.default_rng([seed, number, 2]), subject.kind, subject.weather)


def _timeline(
    seed: int,
    account: Account,
    scenes: Mapping[str, Sequence[str]],
    shared: Mapping[str, list[tuple[int, Subject]]],
    pictured: float,
) -> list[Said]:
    before: list[Said] = []
    moment = BEGINNING
    for number in range(account.first, account.first + account.posts):
        rng, words = (np.random.default_rng([seed, number, stream]) for stream in range(2))
        moment += timedelta(minutes=int(rng.exponential(EVERY)) + 1)
        told = [said for said in before if said.text]
        source = pick(rng, told) if told and rng.random() < REPEATED else None
        off_topic = source.off_topic if source else bool(rng.random() < OFF_TOPIC)
        picture = number if rng.random() < pictured else None
        subject = source.subject if source else _subject(rng, account, scenes, off_topic, picture is not None)
        if picture and source is None and rng.random() < SHARED:
            picture, subject = pick(rng, shared[subject.topic])
        text = repeat(words, account.dialect, source.text) if source and source.text else None
        if source is None and not (picture and rng.random() < WITHOUT_TEXT):
            text = write_text(words, account.dialect, subject, picture is not None)
        before.append(Said(number, account, subject, off_topic, text, source is not None, picture, moment))
    return before


def _subject(
    rng: np.random.Generator, account: Account, scenes: Mapping[str, Sequence[str]], off_topic: bool, pictured: bool
) -> Subject:
    if off_topic:
        return Subject(pick(rng, tuple(TOPICS)), pick(rng, KINDS), pick(rng, WEATHERS))
    topic = account.topics[0 if rng.random() < MAIN else 1]
    chance, sky = rng.random(), rng.random()
    kind = pick(rng, KINDS)
    if chance < BY_TASTE[pictured]:
        kind = pick(rng, account.scenes, TASTE)
    elif chance < BY_TASTE[pictured] + BY_TOPIC:
        kind = pick(rng, scenes[topic])
    weather = pick(rng, WEATHERS)
    if sky < OWN_WEATHER:
        weather = account.weather
    elif sky < OWN_WEATHER + SCENE_WEATHER:
        weather = SCENES[kind].weather
    return Subject(topic, kind, weather)
