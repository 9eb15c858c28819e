"""Users' interests by their reactions to brands (DU2MCE, Sections 4.1 and 4.2): brands.jsonl and reactions.jsonl."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from datamodules.posts import Label
from datamodules.preparing.lines import Own
from datamodules.preparing.readers import read_lines
from datamodules.preparing.records import Piece, Problem

BRANDS, REACTIONS = "brands.jsonl", "reactions.jsonl"
BRAND = "brand"  # task of the brands' own accounts; a group can't have this name
SHOWN = 5  # unknown brands that an error names
ANSWERS = ["no", "yes"]  # classes of each group's task, so that 1 is yes


class Brand(msgspec.Struct):
    """A brand's account, and the group it belongs to, as `shoes`."""

    user: Own
    group: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Reaction(msgspec.Struct):
    """A user commented on a post of a brand, or follows it."""

    user: Own
    brand: Own
    kind: Literal["comment", "follow"]


Record = TypeVar("Record", Brand, Reaction)


@dataclass(frozen=True)
class Interests:
    """Labels of users: in each group's task "yes" for who commented on or followed a brand of it, else "no".

    The count of a label is that of the reactions. A brand's own account has one label, task "brand", value its group.

    Args:
        root: folder with both files.
    """

    root: Path

    def check(self) -> None:
        """Read both files once; ValueError names file and line of what is wrong."""
        self.of([])

    def tasks(self) -> dict[str, list[str]]:
        """Group -> no, yes, in the order of brands.jsonl; "brand" -> groups."""
        groups = list(dict.fromkeys(self._brands().values()))
        return {group: ANSWERS for group in groups} | {BRAND: groups}

    def of(self, users: Sequence[str]) -> list[list[Label]]:
        """Labels of each of these users, in their order; reactions of others are not counted."""
        brands = self._brands()
        counts: dict[str, Counter[str]] = {user: Counter() for user in users if user not in brands}
        unknown: dict[str, int] = {}
        for line, reaction in _records(self.root / REACTIONS, Reaction):
            brand, user = str(reaction.brand), str(reaction.user)
            if brand not in brands:
                unknown.setdefault(brand, line)
            elif user in counts:
                counts[user][brands[brand]] += 1
        if unknown:
            said = "; ".join(f"line {line}: brand {brand!r}" for brand, line in list(unknown.items())[:SHOWN])
            more = f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
            way = f"not in {BRANDS}: add a line there for each, or leave these reactions out"
            raise ValueError(f"{self.root / REACTIONS}, {said}{more} {way}")
        groups = list(dict.fromkeys(brands.values()))
        return [
            [Label(BRAND, brands[user])] if user in brands else [_label(group, counts[user][group]) for group in groups]
            for user in users
        ]

    def _brands(self) -> dict[str, str]:
        """Brand -> group."""
        path, found = self.root / BRANDS, dict[str, str]()
        for line, brand in _records(path, Brand):
            if str(brand.user) in found:
                raise ValueError(f"{path}, line {line}: brand {str(brand.user)!r} is there twice; one line a brand")
            if brand.group == BRAND:
                raise ValueError(f"{path}, line {line}: no group can be called {BRAND!r}; choose another name")
            found[str(brand.user)] = brand.group
        return found


def _label(group: str, count: int) -> Label:
    return Label(group, ANSWERS[count > 0], count)


def _records(path: Path, record: type[Record]) -> Iterator[tuple[int, Record]]:
    """Records of a file with their lines; ValueError at the first one that is not as expected."""
    for found in read_lines(path.parent, Piece(path.name, 0, path.stat().st_size)):
        if isinstance(found, Problem):
            raise ValueError(f"{path}, line {found.line}: {found.cause}")
        line, text = found
        try:
            yield line, msgspec.json.decode(text, type=record)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {line}: {error}") from None
