"""Words of the simulated pins, and what each of them means."""

from typing import NamedTuple

from datamodules.simulated.scenes import SCENES

BOARDS = ("crafts", "travel", "family")  # communities, each with names of its own for what is seen


class Meaning(NamedTuple):
    """The one cause that a word tells of."""

    cause: str  # scene, theme or weather
    value: str


# fmt: off
SCENE_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {  # kind of scene -> names, by board
    "garden": (SCENES["garden"].words, ("blossom", "bouquet", "meadow"), ("seedlings", "trellis", "lawn")),
    "picnic": (SCENES["picnic"].words, ("hamper", "sandwiches", "feast"), ("snacks", "lemonade", "thermos")),
    "rainbow": (SCENES["rainbow"].words, ("spectrum", "stripes", "halo"), ("iris", "bands", "hues")),
    "balloons": (SCENES["balloons"].words, ("zeppelins", "streamers", "floats"), ("helium", "procession", "ribbons")),
    "house": (SCENES["house"].words, ("cottage", "veranda", "chimney"), ("cabin", "doorstep", "gables")),
    "bus": (SCENES["bus"].words, ("omnibus", "minivan", "seats"), ("shuttle", "tyres", "windscreen")),
    "tower": (SCENES["tower"].words, ("turret", "spire", "lantern"), ("steeple", "belfry", "lookout")),
    "circus": (SCENES["circus"].words, ("bigtop", "acrobats", "jugglers"), ("marquee", "trapeze", "ringmaster")),
    "puddle": (SCENES["puddle"].words, ("wellies", "splash", "gutter"), ("galoshes", "parasol", "raincoat")),
    "jam": (SCENES["jam"].words, ("traffic", "gridlock", "lorries"), ("motorway", "vehicles", "tailback")),
    "fire": (SCENES["fire"].words, ("blaze", "embers", "ashes"), ("inferno", "sparks", "bonfire")),
    "flood": (SCENES["flood"].words, ("torrent", "raft", "deluge"), ("overflow", "canoe", "sandbags")),
}
WEATHER_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {  # weather -> names, by board
    "sun": (("sunshine", "golden"), ("bright", "radiant"), ("glare", "cloudless")),
    "grey": (("clouds", "dull"), ("overcast", "misty"), ("foggy", "hazy")),
    "rain": (("pouring", "wet"), ("showers", "dripping"), ("soaked", "stormy")),
    "dusk": (("purple", "stars"), ("twilight", "nightfall"), ("moonlit", "evening")),
}
THEMES = {  # what a pin is for -> its words, the same on all boards
    "baking": ("baking", "muffins", "dough", "oven", "frosting", "flour", "vanilla", "pastry", "yeast", "crust"),
    "wedding": ("wedding", "bride", "groom", "vows", "veil", "aisle", "engaged", "chapel", "toast", "honeymoon"),
    "diy": ("drill", "sawdust", "plywood", "hinges", "sanding", "screws", "hammer", "varnish", "shelf", "pliers"),
    "fitness": (
        "fitness", "workout", "squats", "yoga", "stretching", "dumbbells", "cardio", "muscles", "gym", "pilates",
    ),
    "hair": ("hairstyle", "braids", "curls", "ponytail", "fringe", "salon", "updo", "shampoo", "bobs", "highlights"),
    "school": (
        "preschool", "worksheet", "alphabet", "teacher", "homework", "crayons", "spelling", "classroom", "pencils",
        "phonics",
    ),
    "budget": (
        "budget", "savings", "coupons", "frugal", "bargain", "wallet", "discount", "mortgage", "invoice", "cheap",
    ),
    "nursery": (
        "nursery", "crib", "newborn", "diapers", "lullaby", "stroller", "rattle", "pacifier", "toddler", "teething",
    ),
    "fashion": ("outfit", "denim", "skirt", "cardigan", "sneakers", "handbag", "boots", "velvet", "scarf", "heels"),
    "tattoo": ("tattoo", "inking", "needle", "stencil", "sleeve", "sketch", "piercing", "tribal", "wrist", "aftercare"),
}
OPENERS = (  # by board
    ("obsessed with", "totally adore", "dreaming of", "pinned for later"),
    ("spotted on tour", "heading to", "wandering past", "worth a detour"),
    ("remember when", "the kids love", "grandma wants", "can't wait for"),
)
FILLERS = (  # by board; they mean nothing
    ("gorgeous", "cute", "darling", "sweet", "yay", "omg", "perfection", "swoon"),
    ("epic", "wow", "wild", "scenic", "vast", "amazing", "awesome", "must"),
    ("cosy", "happy", "together", "memories", "lovely", "hugs", "proud", "blessed"),
)
TAILS = (  # on any board
    "at home this weekend", "with all my friends", "for a quiet morning", "to try some day", "before we leave",
    "and so much more", "keep this one", "what do you think", "just as it should be", "in our little town",
)
# fmt: on
VALUES = {"scene": tuple(SCENE_NAMES), "theme": tuple(THEMES), "weather": tuple(WEATHER_NAMES)}


def names(meaning: Meaning, board: int) -> tuple[str, ...]:
    """Return how a board names a scene, a theme or a weather."""
    if meaning.cause == "theme":
        return THEMES[meaning.value]
    return (SCENE_NAMES if meaning.cause == "scene" else WEATHER_NAMES)[meaning.value][board]


def meanings() -> dict[str, Meaning]:
    """Return what each word means; fillers and function words mean nothing and are left out."""
    found: dict[str, Meaning] = {}
    for cause, values in VALUES.items():
        for value in values:
            meaning = Meaning(cause, value)
            found |= {word: meaning for board in range(len(BOARDS)) for word in names(meaning, board)}
    return found
