"""Descriptions of pins from a small grammar, and what makes a corpus in need of cleaning.

Shares were chosen together with those of `pins`, `clicks` and `votes`; the package's docstring says for what.
"""

from typing import NamedTuple

import numpy as np

from datamodules.simulated.network import pick
from datamodules.simulated.pin_words import BOARDS, FILLERS, OPENERS, TAILS, VALUES, Meaning, meanings, names

FRAMES = {  # by number of words
    "scene": (
        ("the {}", "this {}", "a {} here", "look at that {}"),
        ("the {} and the {}", "{} by the {}", "a {} with {}", "{} next to {}"),
        ("the {} and {} by the {}", "{} and {} next to a {}"),
    ),
    "theme": (
        ("for {}", "more {} ideas", "my {} list", "{} inspiration"),
        ("for {} and {}", "{} with {}", "our {} or {}"),
        ("for {} {} and {}", "{} or {} and some {}"),
    ),
    "weather": (("all {}", "so {}", "in the {}", "{} up there"),),
}
MENTIONS = {"scene": 0.9, "theme": 0.55, "weather": 0.3}  # share of descriptions with words of it
MISNAMED = 0.1  # share of mentions that tell of another scene, theme or weather than the pin's
BORROWED = 0.1  # share of mentions in the words of any board
STRAY = 0.1  # share of words that are of any scene, theme or weather
IN_ORDER = 0.7  # share of descriptions that name scene, theme and weather in this order; others in any
OPENED = 0.25  # share that begin with a board's opener
LEAST_WORDS, MOST_WORDS = 4, 14
STEEPNESS = 0.7  # of the use of the words for one thing, as in Zipf's law
WORDS = tuple(meanings())
MARKS = (".", "!", "!!", "...", "", "")
EMOJI = ("😍", "❤️", "🔥", "🎉", "👌")
SHORT = 0.04  # share of descriptions of fewer than 4 words
TYPO = 0.04  # share with a misspelt word
ELSEWHERE = 0.04  # share about another scene, theme and weather
COPIED, REPOSTED = 0.04, 0.05  # share that repeat another one of the pin: as it is; with a word changed or added


class Description(NamedTuple):
    """One description of a pin."""

    text: str
    board: int  # of its writer
    words: tuple[str, ...]  # those that mean something, correctly spelt
    elsewhere: bool  # about something else


def write_description(rng: np.random.Generator, board: int, about: tuple[Meaning, ...]) -> Description:
    """Return a description by a writer of a board, of what the pin is `about`, but for slips."""
    while True:
        words, told = _words(rng, board, about)
        if len(words) <= MOST_WORDS:
            break
    if rng.random() < SHORT:
        told = told[: LEAST_WORDS - 1]
        words = list(told) or [pick(rng, FILLERS[board])]
    else:
        while len(words) < LEAST_WORDS:
            words.append(pick(rng, FILLERS[board]))
    return Description(_dressed(rng, words), board, tuple(told), False)


def repost(rng: np.random.Generator, description: Description) -> Description:
    """Return the same description with one of its words changed to another, or with one more."""
    words = description.text.split()
    added = pick(rng, FILLERS[int(rng.integers(len(BOARDS)))])
    place = int(rng.integers(len(words)))
    if len(words) < LEAST_WORDS or (len(words) < MOST_WORDS and rng.random() < 0.5):
        words.append(added)
        return description._replace(text=" ".join(words))
    lost = "".join(letter for letter in words[place].lower() if letter.isalpha())
    words[place] = added
    kept = tuple(word for word in description.words if word != lost)
    return description._replace(text=" ".join(words), words=kept)


def _words(rng: np.random.Generator, board: int, about: tuple[Meaning, ...]) -> tuple[list[str], list[str]]:
    """Return all words of a sentence, and those that mean something."""
    parts, told = [], []
    for meaning in about:
        if rng.random() < MENTIONS[meaning.cause]:
            frames = FRAMES[meaning.cause]
            chosen = _mention(rng, board, meaning, int(rng.integers(1, len(frames) + 1)))
            parts.append(pick(rng, frames[len(chosen) - 1]).format(*chosen))
            told.append(chosen)
    order = list(range(len(parts))) if rng.random() < IN_ORDER else rng.permutation(len(parts)).tolist()
    sentence = [parts[place] for place in order]
    if rng.random() < OPENED:
        sentence.insert(0, pick(rng, OPENERS[board]))
    if rng.random() < 0.6:
        sentence.append(pick(rng, FILLERS[board]))
    if rng.random() < 0.5:
        sentence.append(pick(rng, TAILS))
    return " ".join(sentence).split(), [word for place in order for word in told[place]]


def _mention(rng: np.random.Generator, board: int, meaning: Meaning, count: int) -> list[str]:
    """Return some of the words for what is meant, the first ones of its list more often than the last ones."""
    if rng.random() < MISNAMED:
        meaning = Meaning(meaning.cause, pick(rng, VALUES[meaning.cause]))
    options = names(meaning, int(rng.integers(len(BOARDS))) if rng.random() < BORROWED else board)
    use = 1 / np.arange(1, len(options) + 1) ** STEEPNESS
    chosen = rng.choice(options, count, replace=False, p=use / use.sum()).tolist()
    return [pick(rng, WORDS) if rng.random() < STRAY else word for word in chosen]


def _dressed(rng: np.random.Generator, words: list[str]) -> str:
    """Return a sentence with what a cleaner takes away again, and now and then a typo."""
    words = list(words)
    if rng.random() < TYPO:
        place = int(rng.integers(len(words)))
        words[place] = _misspelt(rng, words[place])
    text = " ".join(words)
    if rng.random() < 0.5:
        text = text[0].upper() + text[1:]
    text += pick(rng, MARKS)
    return f"{text} {pick(rng, EMOJI)}" if rng.random() < 0.15 else text


def _misspelt(rng: np.random.Generator, word: str) -> str:
    """Return a word with two neighbouring letters swapped or one doubled; never one with a meaning of its own."""
    place = int(rng.integers(max(1, len(word) - 1)))
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    doubled = word[:place] + word[place] + word[place:]
    found = swapped if rng.random() < 0.5 and swapped != word else doubled
    return word if found in meanings() else found
