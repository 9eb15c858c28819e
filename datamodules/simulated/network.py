"""People, events and the hidden causes of each post of the simulated network."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import numpy as np

from datamodules.simulated.scenes import KINDS, SCENES, WEATHERS, Scene

Item = TypeVar("Item")

TOPICS = ("travel", "music", "sports", "food", "school", "pets", "theatre", "work")
EVENTS_PER_TOPIC = 15
# fmt: off
TOWNS = (
    "arlow", "benwick", "corfu", "delmar", "egham", "fenby", "garston", "hilton",
    "ixworth", "jarrow", "kelso", "lindal", "marple", "norby",
)
SPOTS = (
    "quay", "mill", "abbey", "pier", "ferry", "canal", "dock", "inn",
    "hall", "bank", "stage", "farm", "yard", "market",
)
OCCASIONS = (
    "fair", "derby", "gala", "contest", "reunion", "auction", "festival", "marathon",
    "concert", "lecture", "rehearsal", "sale", "tour", "debate",
)
# fmt: on
TONES = {"up": 1, "flat": 0, "down": -1}  # the words' own mood
FORMS = ("pointing", "musing")
STANCES = ("none", "hostile", "opposing")  # towards an invented group
YEARS = {2014: 0.114, 2015: 0.229, 2016: 0.224, 2017: 0.165, 2018: 0.121, 2019: 0.147}  # CAST, Table 1 (shares)

HOME_SCENE = 0.85  # share of an event's posts that show its own scene
HOME_WEATHER = 0.5  # share of a scene's pictures in its own weather
MAIN_INTEREST = 0.7  # share of a user's posts on the user's first topic
FIRST_DAY_OF_2014 = datetime(2014, 1, 1)


class Network(NamedTuple):
    """What posts of one seed have in common."""

    events: dict[str, tuple[str, ...]]  # topic -> events, each a town, a spot and an occasion
    scene_of: dict[str, str]  # event -> kind of scene that it is known for
    interests: tuple[tuple[str, str], ...]  # of each user: first and second topic
    popularity: tuple[float, ...]  # of each user, log scale


class Truth(NamedTuple):
    """The hidden causes of one post; texts, pictures, comments, votes and labels follow from them."""

    number: int
    user: int
    topic: str
    event: str
    kind: str
    weather: str
    tone: str
    form: str
    stance: str
    created_at: datetime

    @property
    def scene(self) -> Scene:
        return SCENES[self.kind]


class Population(NamedTuple):
    """Which posts a task's annotators looked at: weights in the order of TONES, FORMS, STANCES and of moods."""

    tone: tuple[float, float, float]
    form: tuple[float, float]
    stance: tuple[float, float, float]
    mood: tuple[float, float, float]  # acceptance of a pleasant, plain, unpleasant scene, in (0, 1]


def pick(rng: np.random.Generator, options: Sequence[Item], weights: Sequence[float] | None = None) -> Item:
    """Return one of the options, by weight where weights are given."""
    if weights is None:
        return options[int(rng.integers(len(options)))]
    steps = np.cumsum(weights)
    return options[int(np.searchsorted(steps, rng.random() * steps[-1], side="right"))]


def draw_network(seed: int, users: int = 120) -> Network:
    """Return the events and people of a seed; every kind of scene is known from about as many events.

    An event's words come back in other events, so that none of them alone tells a scene.
    """
    rng = np.random.default_rng([seed, 0])
    names: dict[str, None] = {}
    while len(names) < len(TOPICS) * EVENTS_PER_TOPIC:
        names[f"{pick(rng, TOWNS)} {pick(rng, SPOTS)} {pick(rng, OCCASIONS)}"] = None
    ordered = tuple(names)
    events = {topic: ordered[place :: len(TOPICS)] for place, topic in enumerate(TOPICS)}
    scenes = rng.permutation(len(ordered)) % len(KINDS)
    scene_of = {event: KINDS[scene] for event, scene in zip(ordered, scenes, strict=True)}
    interests = tuple((pick(rng, TOPICS), pick(rng, TOPICS)) for _ in range(users))
    return Network(events, scene_of, interests, tuple(rng.normal(0, 0.5, users).tolist()))


def draw_truth(rng: np.random.Generator, network: Network, population: Population, number: int) -> Truth:
    """Return the causes of one post: user -> topic -> event -> scene -> weather, and what the text wants to say."""
    while True:
        user = int(rng.integers(len(network.interests)))
        topic = network.interests[user][0 if rng.random() < MAIN_INTEREST else 1]
        event = pick(rng, network.events[topic])
        kind = network.scene_of[event] if rng.random() < HOME_SCENE else pick(rng, KINDS)
        if rng.random() < population.mood[1 - SCENES[kind].mood]:
            break
    weather = SCENES[kind].weather if rng.random() < HOME_WEATHER else pick(rng, WEATHERS)
    tone = pick(rng, tuple(TONES), population.tone)
    form, stance = pick(rng, FORMS, population.form), pick(rng, STANCES, population.stance)
    return Truth(number, user, topic, event, kind, weather, tone, form, stance, _moment(rng))


def _moment(rng: np.random.Generator) -> datetime:
    year = pick(rng, tuple(YEARS), tuple(YEARS.values()))
    return FIRST_DAY_OF_2014.replace(year=year) + timedelta(minutes=int(rng.integers(365 * 24 * 60)))
