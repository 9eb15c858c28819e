"""Words of the simulated timelines: ten interests, the brands that they draw users to, and how posts are put."""

from typing import NamedTuple

from datamodules.simulated.pin_words import SCENE_NAMES, WEATHER_NAMES
from datamodules.simulated.scenes import KINDS, WEATHERS

# fmt: off
TOPICS: dict[str, tuple[str, ...]] = {  # an interest -> its words; none of them names a scene or a weather
    "sewing": (
        "thread", "bobbin", "fabric", "hem", "zipper", "quilt", "patchwork", "buttonhole", "seam", "needlework",
        "thimble", "cotton", "lace", "pleat", "wool", "knitting",
    ),
    "painting": (
        "canvas", "easel", "acrylic", "watercolour", "brush", "palette", "portrait", "pigment", "gouache",
        "sketchbook", "charcoal", "varnish", "fresco", "pastel", "mural", "gallery",
    ),
    "hiking": (
        "trail", "summit", "rucksack", "compass", "ridge", "campsite", "waterfall", "trek", "valley", "hut",
        "glacier", "forest", "cairn", "map", "plateau", "altitude",
    ),
    "cycling": (
        "saddle", "pedal", "helmet", "derailleur", "sprint", "peloton", "gravel", "cadence", "handlebar", "puncture",
        "chainring", "climb", "brake", "velodrome", "spoke", "jersey",
    ),
    "cinema": (
        "film", "trailer", "director", "sequel", "popcorn", "premiere", "actor", "screenplay", "matinee",
        "soundtrack", "cameo", "thriller", "western", "subtitle", "cliffhanger", "remake",
    ),
    "music": (
        "guitar", "chorus", "album", "drummer", "vinyl", "melody", "bassline", "concerto", "encore", "lyric",
        "rehearsal", "setlist", "ballad", "synth", "amplifier", "busking",
    ),
    "baking": (
        "dough", "muffin", "oven", "frosting", "sourdough", "flour", "vanilla", "pastry", "yeast", "crust",
        "cinnamon", "rye", "croissant", "whisk", "brioche", "scone",
    ),
    "chess": (
        "gambit", "bishop", "knight", "endgame", "checkmate", "castling", "pawn", "blunder", "rook", "stalemate",
        "zugzwang", "tournament", "rating", "sacrifice", "clock", "grandmaster",
    ),
    "gadgets": (
        "battery", "headset", "firmware", "charger", "keyboard", "drone", "router", "soldering", "smartwatch",
        "laptop", "bluetooth", "printer", "circuit", "sensor", "pixel", "update",
    ),
    "astronomy": (
        "comet", "nebula", "orbit", "telescope", "galaxy", "eclipse", "meteor", "saturn", "crater", "pulsar",
        "asteroid", "satellite", "redshift", "supernova", "equinox", "observatory",
    ),
}
FILLERS = (  # they mean nothing, but everybody has favourites
    "gorgeous", "cute", "darling", "sweet", "yay", "omg", "perfection", "swoon", "epic", "wow", "wild", "scenic",
    "vast", "amazing", "awesome", "brilliant", "cosy", "happy", "together", "memory", "lovely", "proud", "blessed",
    "finally", "honestly", "literally", "seriously", "obviously", "basically", "apparently", "mate", "folks", "guys",
    "dude", "fam", "peeps", "whatever", "anyway", "indeed", "meh",
)
TAGS = (  # hashtags of no certain topic
    "tbt", "nofilter", "love", "instagood", "mood", "goals", "weekend", "friday", "mondaymood", "throwback", "vibes",
    "nature", "picoftheday", "smile", "life", "fun", "art", "beautiful", "follow", "share", "selfcare", "blogger",
    "daily", "inspo", "home", "family", "squad", "travelgram", "motivation", "nightowl",
)
FIRST_NAMES = (
    "anna", "ben", "carla", "dmitri", "eve", "finn", "grace", "hugo", "iris", "jonas", "kim", "liam", "mona", "nils",
    "olga", "pia", "josé", "łukasz", "søren", "мария", "ゆき", "أمل", "ελένη", "小明",
)
TOPIC_FRAMES = (  # by number of words
    ("more {} today", "my {} again", "all about the {}", "a new {}", "that {}"),
    ("{} and {}", "my {} with {}", "from {} to {}", "{} before {}"),
    ("{} {} and {}", "{} or {} or just {}", "first {} then {} and {}"),
)
SCENE_FRAMES = (
    ("the {} here", "look at that {}", "by the {}", "what a {}"),
    ("the {} and the {}", "{} next to {}", "a {} with {}"),
)
WEATHER_FRAMES = ("so {}", "all {}", "{} up there")
EMOTICONS = (":)", ":-D", ";)", "😍", "❤️", "🔥", "🎉", "👌", "<3")


class Group(NamedTuple):
    """Brands that belong together, and what draws a user to them."""

    brands: tuple[str, ...]
    topics: tuple[str, ...]
    scenes: tuple[str, ...]
    weather: str


GROUPS = {
    "crafts": Group(
        ("loomhouse", "inkandcloth", "thimbleco", "brushworks"), ("sewing", "painting"), ("garden", "house"), "rain",
    ),
    "outdoors": Group(
        ("peakpath", "trailmix", "hillwheels", "campfolk"), ("hiking", "cycling"), ("picnic", "rainbow"), "sun",
    ),
    "shows": Group(
        ("velvetseat", "encorehall", "reelhouse", "footlights"), ("cinema", "music"), ("circus", "balloons"), "dusk",
    ),
}
# fmt: on
VALUES = {"topic": tuple(TOPICS), "scene": KINDS, "weather": WEATHERS}


def names(cause: str, value: str) -> tuple[str, ...]:
    """Return all words for a topic, a scene or a weather."""
    if cause == "topic":
        return TOPICS[value]
    boards = SCENE_NAMES[value] if cause == "scene" else WEATHER_NAMES[value]
    return tuple(word for board in boards for word in board)
