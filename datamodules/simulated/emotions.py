"""What writers feel, show and tell in the two emotion sets of the simulated network (Emotion, section 5.2)."""

from typing import NamedTuple

import numpy as np

from datamodules.simulated.network import HOME_WEATHER, pick
from datamodules.simulated.scenes import KINDS, SCENES, WEATHERS, Scene

NAMES_SCENE = 0.5  # share of texts that name the scene of the picture ("the text describes the image", section 3.1)
SARCASM = 0.5  # share of the texts without words of their own emotion that hold another's (section 5.6)
SAME_SCENE = 0.5  # share of an album's further pictures that show the first one's scene
LEAST_UPS = 100  # section 5.2
WORKERS = 5  # that looked at a photo, at least (section 5.2)
VERDICTS = {"majority": 0.96, "no majority": 0.02, "tie": 0.02}


class EmotionSet(NamedTuple):
    """One of the two settings; shares and kinds are by emotion.

    `picture_tells` and `text_tells` were chosen so that classifiers of one modality come near to Table 4's, and
    without a look at any fusion.
    """

    name: str  # of its folder
    shares: dict[str, int]  # posts (Table 2)
    kinds: dict[str, tuple[str, ...]]  # typical scenes
    picture_tells: float  # share of pictures with a typical scene; the others show any
    text_tells: float  # share of texts with words of the writer's emotion
    albums: float  # share of posts with 2 or 3 pictures


class Shown(NamedTuple):
    """What one picture shows."""

    kind: str
    weather: str


class Feeling(NamedTuple):
    """The hidden causes of one post: its pictures and its text are drawn from them, each without the other."""

    set: str  # name of its EmotionSet
    number: int
    emotion: str  # the label
    told: str | None  # emotion whose words the text holds
    named: bool  # whether the text names the scene of the first picture
    shown: tuple[Shown, ...]  # of each picture

    @property
    def kind(self) -> str:
        return self.shown[0].kind

    @property
    def scene(self) -> Scene:
        return SCENES[self.kind]


REDDIT = EmotionSet(
    name="reddit_emotion",
    shares={"joy": 1119, "fear": 697, "anger": 613, "disgust": 810},
    kinds={
        "joy": ("garden", "picnic", "rainbow", "balloons"),
        "fear": ("house", "tower", "circus"),
        "anger": ("bus", "jam", "fire"),
        "disgust": ("puddle", "flood"),
    },
    picture_tells=0.86,
    text_tells=0.72,
    albums=0.1,
)
FLICKR = EmotionSet(
    name="flickr_emotion",
    shares={
        "amusement": 1259,
        "anger": 407,
        "awe": 1561,
        "contentment": 2389,
        "disgust": 852,
        "excitement": 1451,
        "fear": 434,
        "sadness": 984,
    },
    kinds={
        "amusement": ("circus", "picnic"),
        "anger": ("bus", "jam"),
        "awe": ("rainbow", "tower", "garden"),
        "contentment": ("garden", "picnic", "house"),
        "disgust": ("flood", "jam"),
        "excitement": ("balloons", "circus"),
        "fear": ("fire", "tower"),
        "sadness": ("puddle", "flood"),
    },
    picture_tells=0.96,
    text_tells=0.92,
    albums=0.0,
)


def draw_feeling(rng: np.random.Generator, origin: EmotionSet, number: int) -> Feeling:
    """Return the causes of one post: emotion -> scene -> weather, and what the text tells and names."""
    emotion = pick(rng, tuple(origin.shares), tuple(origin.shares.values()))
    told: str | None = emotion
    if rng.random() >= origin.text_tells:
        others = [other for other in origin.shares if other != emotion]
        told = pick(rng, others) if rng.random() < SARCASM else None
    named = bool(rng.random() < NAMES_SCENE)
    kinds = [pick(rng, origin.kinds[emotion] if rng.random() < origin.picture_tells else KINDS)]
    if rng.random() < origin.albums:
        kinds += [kinds[0] if rng.random() < SAME_SCENE else pick(rng, KINDS) for _ in range(rng.integers(1, 3))]
    return Feeling(origin.name, number, emotion, told, named, tuple(_shown(rng, kind) for kind in kinds))


def draw_ups(rng: np.random.Generator) -> int:
    """Return up-votes: 100 at least, and log-normal above; they follow nothing else."""
    return LEAST_UPS + int(rng.lognormal(6, 1))


def draw_verdicts(rng: np.random.Generator, emotion: str, origin: EmotionSet = FLICKR) -> dict[str, tuple[int, int]]:
    """Return how many workers disagree and agree that a photo evokes an emotion, by emotion asked for.

    Mostly a majority agrees on the writer's emotion and no other was asked for. A few photos have no majority, a few
    the same verdict on two emotions.
    """
    workers = WORKERS + int(rng.binomial(2, 0.2))
    verdict = pick(rng, tuple(VERDICTS), tuple(VERDICTS.values()))
    half = workers // 2
    agree = int(rng.integers(1, half + 1) if verdict == "no majority" else rng.integers(half + 1, workers + 1))
    asked = [emotion]
    if verdict == "tie":
        asked.append(pick(rng, [other for other in origin.shares if other != emotion]))
    return {each: (workers - agree, agree) for each in asked}


def _shown(rng: np.random.Generator, kind: str) -> Shown:
    return Shown(kind, SCENES[kind].weather if rng.random() < HOME_WEATHER else pick(rng, WEATHERS))
