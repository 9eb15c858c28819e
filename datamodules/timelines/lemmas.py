"""Words to their lemmas (DU2MCE, section 4.1), each without its sentence: the stop words are gone from it by then."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Literal, Protocol

from simplemma import Lemmatizer

CACHED = 2**18  # words


class Lemmatiser(Protocol):
    """English words to lemmas."""

    def __call__(self, words: Sequence[str]) -> list[str]:
        """The lemma of each word, in lower case."""

    def key(self) -> dict[str, str]:
        """What the lemmas depend on."""


class Simplemma:
    """Words are looked up in a list that comes with the package, or keep their form."""

    def __init__(self) -> None:
        self._lemmatizer = Lemmatizer(cache_max_size=CACHED)

    def __call__(self, words: Sequence[str]) -> list[str]:
        """The lemma of each word, in lower case."""
        return [self._lemmatizer.lemmatize(word, "en").lower() for word in words]  # of "paris" it says "Paris"

    def key(self) -> dict[str, str]:
        """Name and version."""
        return {"simplemma": version("simplemma")}


class Stanza:
    """A network that tags a word and reads its lemma off (successor of StanfordNLP); asked once for each word.

    Raises:
        ImportError: the package is not installed.
        FileNotFoundError: its English model is not there.
    """

    def __init__(self) -> None:
        try:
            import stanza
        except ImportError:
            way = "`pip install postlab[stanza]` brings it, or take lemmatiser=simplemma"
            raise ImportError(f"lemmatiser=stanza needs the package stanza: {way}") from None
        settings = {"processors": "tokenize,pos,lemma", "tokenize_pretokenized": True, "verbose": False}
        try:
            self._pipeline: Any = stanza.Pipeline("en", download_method=None, **settings)
        except FileNotFoundError as error:
            way = "`python -c \"import stanza; stanza.download('en')\"` fetches it, or take lemmatiser=simplemma"
            raise FileNotFoundError(f"lemmatiser=stanza needs stanza's English model ({error}): {way}") from error
        self._known: dict[str, str] = {}

    def __call__(self, words: Sequence[str]) -> list[str]:
        """The lemma of each word, in lower case."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            for word, sentence in zip(new, self._pipeline([[word] for word in new]).sentences, strict=True):
                self._known[word] = (sentence.words[0].lemma or word).lower()
        return [self._known[word] for word in words]

    def key(self) -> dict[str, str]:
        """Name and version."""
        return {"stanza": version("stanza")}


def lemmatiser(name: Literal["simplemma", "stanza"]) -> Lemmatiser:
    """The named one; ImportError or FileNotFoundError says what it lacks."""
    return Stanza() if name == "stanza" else Simplemma()
