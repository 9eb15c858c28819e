"""Settings of a corpus of timelines (DU2MCE, section 4.1)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Accounts:
    """Which accounts are taken.

    Args:
        min_posts: posts before cleaning that an account needs (Section 4.1: "more than 20 tweets"). 0 takes all, and
            posts without a user too, which belong to no account.
    """

    min_posts: int = 21

    def __post_init__(self) -> None:
        if self.min_posts < 0:
            raise ValueError(f"min_posts is {self.min_posts}; it is 0 or more")


@dataclass(frozen=True)
class Texts:
    """What becomes of a text; the rules of cleaning are no options (`datamodules.timelines.texts`).

    Args:
        hashtags: `keep` leaves "#tag" one word, no stop word and no form of another; with `strip` the tag is a word as
            others are (Section 4.1: "we retain the hashtags"; with or without the sign is not said).
        lemmatiser: `simplemma` looks words up and needs no download; `stanza` is a network, successor of the paper's
            StanfordNLP, and an optional extra.
        max_overlap: two texts are near-duplicates when their sets of words have this share of their union in common, in
            (0, 1] (Section 4.1: "percentage of overlapping words", no number). Above 1 every text is one of its own,
            copies too, as where published captions are compared.
        min_count: occurrences that a word of the vocabulary needs (Section 4.1: "at least 5"), in training texts.
    """

    hashtags: Literal["keep", "strip"] = "keep"
    lemmatiser: Literal["simplemma", "stanza"] = "simplemma"
    max_overlap: float = 0.9
    min_count: int = 5

    def __post_init__(self) -> None:
        if self.hashtags not in ("keep", "strip"):
            raise ValueError(f"hashtags is {self.hashtags!r}; it is 'keep' or 'strip'")
        if self.lemmatiser not in ("simplemma", "stanza"):
            raise ValueError(f"lemmatiser is {self.lemmatiser!r}; it is 'simplemma' or 'stanza'")
        if not self.max_overlap > 0:
            raise ValueError(f"max_overlap is {self.max_overlap:g}; it must be above 0; above 1 keeps all apart")
        if self.min_count < 1:
            raise ValueError(f"min_count is {self.min_count}; a word occurs at least once")


@dataclass(frozen=True)
class Pictures:
    """Which pictures are the same.

    Args:
        min_similarity: cosine of two pictures' features from which on they are near-duplicates, in (0, 1] (Section 4.1:
            "nearest neighbours", no number). The default is ours, for MobileNetV2 on Flickr8k's 8,091 photographs: from
            0.88 on pairs are shots of one scene, and at 0.9 87 % of pictures saved at JPEG quality 40, all with a line
            of text, 40 % of those at half size are found. Features of another network need another.
    """

    min_similarity: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.min_similarity <= 1:
            raise ValueError(f"min_similarity is {self.min_similarity:g}; a cosine in (0, 1]")


@dataclass(frozen=True)
class Shares:
    """How posts are shared out; `datamodules.timelines.splits` says what each rule does.

    Args:
        by: `pictures` draws pictures, then texts of posts without one (Section 4.1); `texts` draws among each picture's
            texts, where pictures are few and all posts have one; `prepared` takes a split of the prepared posts.
        protocol: name of that split, with `prepared` only.
        test: share for testing (Section 4.1: 20 %).
        validation: share for validation (Section 4.1: 2 %).
        pairs: pairs of picture and text that are tested at most (Section 4.1: 5,000).
        validation_posts: with `pictures`: so many posts for validation, none for testing, the rest for training
            (Section 4.1: 10,000 for Instagram); the shares are not read then, and all texts ask for users.
    """

    by: Literal["pictures", "texts", "prepared"] = "pictures"
    protocol: str | None = None
    test: float = 0.2
    validation: float = 0.02
    pairs: int = 5000
    validation_posts: int | None = None

    def __post_init__(self) -> None:
        if self.by not in ("pictures", "texts", "prepared"):
            raise ValueError(f"by is {self.by!r}; it is 'pictures', 'texts' or 'prepared'")
        if (self.by == "prepared") != (self.protocol is not None):
            raise ValueError(
                f"by is {self.by!r} and protocol {self.protocol!r}; 'prepared' names a protocol, others none"
            )
        if self.test < 0 or self.validation < 0 or not self.test + self.validation < 1:
            raise ValueError(
                f"test is {self.test:g}, validation {self.validation:g}; shares that leave some for training"
            )
        if self.pairs < 1:
            raise ValueError(f"pairs is {self.pairs}; at least 1")
        if self.validation_posts is not None and (self.by != "pictures" or self.validation_posts < 0):
            raise ValueError(
                f"validation_posts is {self.validation_posts} by {self.by}; 0 or more, and by 'pictures' only"
            )
