"""Texts of posts and trees of comments from a small grammar."""

from datetime import timedelta
from typing import Any

import numpy as np

from datamodules.simulated.network import TONES, TOPICS, TOWNS, Truth, pick
from datamodules.simulated.scenes import KINDS, SCENES

OPENERS = {
    "pointing": ("look", "see", "behold", "this", "here", "check"),
    "musing": ("thinking", "dreaming", "wondering", "maybe", "remember", "guess"),
}
WHERE = ("{town} {spot} {occasion}", "{occasion} in {town} {spot}", "the {spot} {occasion} at {town}")
MOODS = {
    "up": ("lovely", "perfect", "wonderful", "yay", "so lovely", "so perfect"),
    "flat": ("usual", "update", "whatever", "noted", "as usual", "just noted"),
    "down": ("awful", "sigh", "boring", "meh", "so awful", "so boring"),
}
GROUP = {
    "none": ("",),
    "hostile": ("blorps go", "typical blorps", "silly blorps", "enough blorps"),
    "opposing": ("respect blorps", "defend blorps", "dear blorps", "welcome blorps"),
}
TAILS = ("this morning", "last night", "after lunch", "before class", "with friends", "since noon")

NAMING = ("that {word}", "the {word} though", "is that a {word}", "look at the {word}", "what a {word}", "{word} wow")
NAMING_TWO = ("the {word} and the {other}", "first {word} then {other}", "{word} next to {other}")
SKY = {
    "sun": ("so bright there", "golden light", "blue sky all over"),
    "grey": ("so grey there", "dull light", "clouds all over"),
    "rain": ("so wet there", "pouring again", "drops all over"),
    "dusk": ("so late there", "purple sky", "stars all over"),
}
GENERIC = ("thank you", "so true", "thanks for sharing", "thanks my friend", "haha yes", "same here", "well said you")
OFF_TOPIC = ("greetings from {town}", "anyone up for {topic}", "my {topic} club meets tonight", "i miss {town}")

SLIP = 0.03  # share of texts whose words say another mood than meant
NAMES_EVENT = 0.88  # share of texts that name their event
COMMENT_KINDS = {"scene": 0.72, "sky": 0.07, "generic": 0.13, "off_topic": 0.08}
MISNAMED = 0.06  # share of scene comments that name a scene that is not there
MOST_COMMENTS = 8


def write_text(rng: np.random.Generator, truth: Truth) -> str:
    """Return a text of some 4 to 12 words: form, event, mood, stance; since 2017 shorter (CAST, Table 1)."""
    mood = pick(rng, tuple(TONES)) if rng.random() < SLIP else truth.tone
    parts = [pick(rng, OPENERS[truth.form])]
    if rng.random() < NAMES_EVENT:
        town, spot, occasion = truth.event.split()
        parts.append(pick(rng, WHERE).format(town=town, spot=spot, occasion=occasion))
    parts += [pick(rng, MOODS[mood]), pick(rng, GROUP[truth.stance])]
    if rng.random() < (0.5 if truth.created_at.year < 2017 else 0.15):
        parts.append(pick(rng, TAILS))
    return " ".join(part for part in parts if part)


def write_comment(rng: np.random.Generator, truth: Truth) -> str:
    """Return a comment of 2 to 6 words that knows the picture and its weather, never text or label."""
    about = pick(rng, tuple(COMMENT_KINDS), tuple(COMMENT_KINDS.values()))
    if about == "scene":
        words = SCENES[pick(rng, KINDS) if rng.random() < MISNAMED else truth.kind].words
        frame = pick(rng, NAMING if rng.random() < 0.7 else NAMING_TWO)
        first = int(rng.integers(len(words)))
        other = words[(first + int(rng.integers(1, len(words)))) % len(words)]
        return frame.format(word=words[first], other=other)
    if about == "sky":
        return pick(rng, SKY[truth.weather])
    if about == "generic":
        return pick(rng, GENERIC)
    return pick(rng, OFF_TOPIC).format(topic=pick(rng, TOPICS), town=pick(rng, TOWNS))


def write_comments(rng: np.random.Generator, truth: Truth, users: int) -> list[dict[str, Any]]:
    """Return 1 to 8 comments, on average 3.3 (CAST, Table 1: 3.25); a reply names the comment before it."""
    comments: list[dict[str, Any]] = []
    moment = truth.created_at
    for position in range(min(1 + int(rng.poisson(2.3)), MOST_COMMENTS)):
        replies = position > 0 and rng.random() < 0.3
        moment += timedelta(minutes=int(rng.integers(1, 300)))
        comments.append(
            {
                "id": f"{truth.number}-{position}",
                "parent": comments[int(rng.integers(position))]["id"] if replies else None,
                "text": write_comment(rng, truth),
                "user": f"u{int(rng.integers(users)):03d}",
                "ups": int(rng.poisson(2)),
                "downs": int(rng.poisson(0.4)),
                "created_at": moment.isoformat(),
            }
        )
    return comments
