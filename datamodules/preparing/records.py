"""What passes between a format and the shared part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from datamodules.posts import Label, Post


class Piece(msgspec.Struct, frozen=True):
    """A fixed share of one source file: bytes of a file of lines, or rows of a small table."""

    file: str  # relative to the raw folder
    begin: int
    end: int
    line: int = 1  # line number of the first line


class Problem(msgspec.Struct):
    """A row that was dropped or is suspicious; `cause` is "short name" or "short name: detail"."""

    file: str
    line: int
    id: str | None
    cause: str
    outcome: Literal["bad", "dropped", "kept"] = "bad"  # defect, rule of the format, kept though suspicious
    lost: str | None = None  # path of the file that can't be read

    @property
    def name(self) -> str:
        """The cause without its detail, as it is counted."""
        return self.cause.partition(": ")[0]


class Raw(NamedTuple):
    """One raw record and where it stands."""

    file: str
    line: int
    value: Any
    doubts: tuple[str, ...] = ()  # causes for suspicion seen while reading


class Converted(NamedTuple):
    """A post, the part it has in each protocol, and causes for suspicion."""

    post: Post
    parts: Mapping[str, str] = MappingProxyType({})
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """What a caller may choose; None is the format's own choice."""

    name: str | None = None
    language: str | None = None
    language_model: str | None = None
    keep_without_comments: bool = False
    keep_without_pictures: bool = False
    min_ups: int | None = None
    as_descriptions: bool = False

    def given(self) -> dict[str, Any]:
        """What was chosen, by name; 0 is a choice."""
        return {name: value for name, value in vars(self).items() if value not in (None, "") and value is not False}

    def only(self, layout: str, *taken: str) -> None:
        """ValueError when anything but the name and what is `taken` is chosen; says what the layout takes."""
        allowed = ("name", *taken)
        refused = [name for name in self.given() if name not in allowed]
        if refused:
            takes = ", ".join(f"--{name}" for name in allowed)
            raise ValueError(f"{layout} takes no --{refused[0]}; it takes {takes}")


class Ranking(NamedTuple):
    """By what posts are put in order for a split: `ups`, or the `count` of the annotators of their class of a task."""

    task: str
    by: Literal["ups", "count"]


class UserLabels(Protocol):
    """What is known of users beside their posts. Travels to workers with its card, so it holds paths only."""

    def tasks(self) -> dict[str, list[str]]:
        """Users' tasks -> ordered class names; they have nothing to do with the posts' tasks."""

    def of(self, users: Sequence[str]) -> list[list[Label]]:
        """Labels of each of these users, in their order; asked once, for all users of the posts."""


@dataclass(frozen=True)
class Card:
    """What `dataset.json` says beside the counts."""

    name: str
    licence: str
    root: Path  # raw folder
    media_root: Path
    sources: tuple[Path, ...]  # files with checksums, under the root; pictures are not among them
    tasks: dict[str, list[str]] | None = None  # None: the values seen, sorted
    random_split: bool = False  # adds protocol `random`, 80/10/10
    ranking: Ranking | None = None  # adds protocols `paper` (best tenths of each class) and `global` (of all posts)
    pictures: str = ""  # hash of the names of all pictures, where a format looks for them by name
    user_labels: UserLabels | None = None  # its files are among the sources
    options: Options = Options()


class Format(Protocol):
    """A published layout. Its objects travel to workers, so they hold paths and settings only."""

    @property
    def card(self) -> Card: ...

    def pieces(self) -> list[Piece]:
        """Shares of the sources, the same on every machine."""

    def read(self, piece: Piece) -> Iterator[Raw | Problem]:
        """Raw records of one piece, in the order of the file."""

    def convert(self, raw: Raw) -> Converted | Problem:
        """One record to a post or a problem; must not look at any other record."""

    def refuse(self, post: Post) -> str | None:
        """Cause to leave out a sound post whose media have been checked."""
