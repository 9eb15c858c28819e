"""Labels of the simulated posts: each needs the text and the picture."""

from datamodules.simulated.network import TONES, Population, Truth

CLASSES = {
    "sarcasm": ("not_sarcastic", "sarcastic"),
    "relation": (
        "image_adds_text_represented",
        "image_adds_text_not_represented",
        "image_not_adds_text_represented",
        "image_not_adds_text_not_represented",
    ),
    "hate": ("none", "hateful", "counter_speech", "reclaimed"),
    "sentiment": ("positive", "neutral", "negative"),
}
POPULATIONS = {
    "sarcasm": Population(tone=(0.62, 0.16, 0.22), form=(0.5, 0.5), stance=(0.9, 0.05, 0.05), mood=(0.36, 0.36, 1)),
    "relation": Population(tone=(0.35, 0.3, 0.35), form=(0.5, 0.5), stance=(0.9, 0.05, 0.05), mood=(1, 1, 1)),
    "hate": Population(tone=(0.35, 0.3, 0.35), form=(0.5, 0.5), stance=(0.2, 0.46, 0.34), mood=(1, 1, 1)),
    "sentiment": Population(tone=(0.38, 0.24, 0.38), form=(0.5, 0.5), stance=(0.9, 0.05, 0.05), mood=(1, 0.7, 1)),
}


def label(task: str, truth: Truth) -> str:
    """Return the post's class in a task, one of CLASSES[task]; KeyError for an unknown task."""
    return CLASSES[task][{"sarcasm": sarcasm, "relation": relation, "hate": hate, "sentiment": sentiment}[task](truth)]


def sarcasm(truth: Truth) -> int:
    """Sarcastic: cheerful words under an unpleasant picture."""
    return int(truth.tone == "up" and truth.scene.mood < 0)


def relation(truth: Truth) -> int:
    """The picture adds to the text if it shows something striking; the text is in the picture if it points at it."""
    return 2 * (not truth.scene.striking) + (truth.form == "musing")


def hate(truth: Truth) -> int:
    """The invented slur is hateful among strangers, reclaimed at a gathering of the group; objecting is not."""
    if truth.stance == "none":
        return 0
    if truth.stance == "opposing":
        return 0 if truth.scene.gathering else 2
    return 3 if truth.scene.gathering else 1


def sentiment(truth: Truth) -> int:
    """Sign of the words' mood plus the picture's."""
    total = TONES[truth.tone] + truth.scene.mood
    return 1 - (total > 0) + (total < 0)


def annotators(truth: Truth) -> tuple[str, str]:
    """Return what MVSA's annotator says of the text alone and of the picture alone."""
    return CLASSES["sentiment"][1 - TONES[truth.tone]], CLASSES["sentiment"][1 - truth.scene.mood]
