"""Titles and descriptions of the emotion posts from a small grammar."""

import numpy as np

from datamodules.simulated.emotions import Feeling
from datamodules.simulated.network import FORMS, OCCASIONS, SPOTS, TOWNS, pick
from datamodules.simulated.scenes import SCENES
from datamodules.simulated.texts import NAMING, OPENERS, TAILS, WHERE

# fmt: off
OWN = {
    "joy": ("smiling", "delighted", "cheerful", "grateful", "blessed", "sunny", "proud", "hugs"),
    "fear": ("scared", "haunted", "shiver", "nightmare", "lurking", "ghostly", "trembling", "eerie"),
    "anger": ("furious", "outraged", "unfair", "cheated", "yelling", "fuming", "livid", "insulting"),
    "disgust": ("rotten", "filthy", "slimy", "nauseous", "stinking", "mouldy", "gross", "foul"),
    "amusement": ("funny", "giggling", "joking", "hilarious", "goofy", "chuckle", "prank", "witty"),
    "awe": ("majestic", "vast", "sublime", "breathtaking", "timeless", "stunning", "infinite", "wondrous"),
    "contentment": ("calm", "cosy", "peaceful", "relaxed", "gentle", "resting", "mellow", "soothing"),
    "excitement": ("thrilled", "racing", "finally", "adrenaline", "cheering", "electric", "leaping", "eager"),
    "sadness": ("lonely", "crying", "grieving", "empty", "farewell", "mourning", "tears", "broken"),
}
SHARED = {  # words of two neighbouring emotions
    ("joy", "fear"): ("unreal", "whoa"),
    ("joy", "anger"): ("loud", "wild"),
    ("fear", "disgust"): ("gruesome", "sickening"),
    ("anger", "disgust"): ("shameful", "vile"),
    ("fear", "sadness"): ("helpless", "gloomy"),
    ("amusement", "contentment"): ("sweet", "charming"),
    ("amusement", "excitement"): ("playful", "crazy"),
    ("awe", "excitement"): ("epic", "incredible"),
    ("awe", "contentment"): ("serene", "tranquil"),
    ("contentment", "sadness"): ("nostalgic", "wistful"),
}
# fmt: on
MOST_WORDS = 3  # of an emotion in one text


def lexicon(emotion: str) -> tuple[str, ...]:
    """Return the 12 to 14 words of an emotion, those that it shares last."""
    return (*OWN[emotion], *(word for pair, words in SHARED.items() if emotion in pair for word in words))


def write_title(rng: np.random.Generator, feeling: Feeling) -> str:
    """Return a submission's title: filler, and what its writer tells and names."""
    parts = [_filler(rng), *_told_and_named(rng, feeling)]
    if rng.random() < 0.5:
        parts.append(pick(rng, TAILS))
    return " ".join(parts)


def write_photo(rng: np.random.Generator, feeling: Feeling) -> tuple[str, str]:
    """Return a photo's title, which is filler, and its description; together they have at least 7 words."""
    return _filler(rng), " ".join([*_told_and_named(rng, feeling), "taken", pick(rng, TAILS)])


def _filler(rng: np.random.Generator) -> str:
    where = pick(rng, WHERE).format(town=pick(rng, TOWNS), spot=pick(rng, SPOTS), occasion=pick(rng, OCCASIONS))
    return f"{pick(rng, OPENERS[pick(rng, FORMS)])} {where}"


def _told_and_named(rng: np.random.Generator, feeling: Feeling) -> list[str]:
    parts = []
    if feeling.named:
        parts.append(pick(rng, NAMING).format(word=pick(rng, SCENES[feeling.kind].words)))
    if feeling.told is not None:
        words = rng.permutation(lexicon(feeling.told))[: rng.integers(1, MOST_WORDS + 1)]
        parts.append(", ".join(words.tolist()))
    return parts
