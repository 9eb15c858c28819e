"""What pictures of the simulated network show: twelve kinds of scene and what follows from each."""

from typing import NamedTuple


class Scene(NamedTuple):
    """One kind of scene; its three properties are orthogonal, so that knowing one tells nothing of the others."""

    mood: int  # 1 pleasant, 0 plain, -1 unpleasant
    striking: bool  # something is seen that nobody would guess from the text
    gathering: bool  # people who belong together are seen
    colours: str  # name of its palette, which it shares with the scene that has all three properties otherwise
    weather: str  # seen behind it more often than the others
    words: tuple[str, ...]  # how comments name it


WEATHERS = ("sun", "grey", "rain", "dusk")

SCENES = {
    "garden": Scene(1, False, False, "green", "sun", ("roses", "petals", "tulips")),
    "picnic": Scene(1, False, True, "red", "grey", ("picnic", "blanket", "basket")),
    "rainbow": Scene(1, True, False, "blue", "rain", ("rainbow", "arc", "prism")),
    "balloons": Scene(1, True, True, "pink", "dusk", ("balloons", "parade", "confetti")),
    "house": Scene(0, False, False, "brown", "sun", ("house", "porch", "roof")),
    "bus": Scene(0, False, True, "white", "rain", ("bus", "coach", "wheels")),
    "tower": Scene(0, True, False, "white", "dusk", ("tower", "lighthouse", "beacon")),
    "circus": Scene(0, True, True, "brown", "grey", ("circus", "tent", "clowns")),
    "puddle": Scene(-1, False, False, "pink", "rain", ("puddle", "umbrella", "drizzle")),
    "jam": Scene(-1, False, True, "blue", "sun", ("cars", "jam", "queue")),
    "fire": Scene(-1, True, False, "red", "dusk", ("fire", "flames", "smoke")),
    "flood": Scene(-1, True, True, "green", "grey", ("flood", "waves", "dinghy")),
}
KINDS = tuple(SCENES)
