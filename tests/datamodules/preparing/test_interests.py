"""Mirrors datamodules/preparing/interests.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from datamodules.posts import Label
from datamodules.preparing.interests import Interests

BRANDS = [
    {"user": "allbirds", "group": "shoes"},
    {"user": "kios", "group": "shoes"},
    {"user": "tibi", "group": "fashion"},
]
Write = Callable[..., Interests]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(reactions: list, brands: list = BRANDS) -> Interests:
        for name, rows in (("brands.jsonl", brands), ("reactions.jsonl", reactions)):
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (tmp_path / name).write_text("\n".join(lines))
        return Interests(tmp_path)

    return run


def reaction(user: str | int, brand: str, kind: str = "comment") -> dict:
    return {"user": user, "brand": brand, "kind": kind, "text": "left alone"}


def test_a_user_is_interested_in_a_group_who_commented_on_or_followed_one_of_its_brands(write: Write) -> None:
    found = write(
        [
            reaction("anna", "allbirds"),
            reaction("anna", "allbirds"),
            reaction("anna", "kios", "follow"),
            reaction("مريم", "tibi", "follow"),
            reaction(7, "tibi"),
            reaction("nobody", "tibi"),
        ]
    )
    assert found.tasks() == {"shoes": ["no", "yes"], "fashion": ["no", "yes"], "brand": ["shoes", "fashion"]}
    assert found.of(["مريم", "anna", "silent", "7"]) == [
        [Label("shoes", "no", 0), Label("fashion", "yes", 1)],
        [Label("shoes", "yes", 3), Label("fashion", "no", 0)],
        [Label("shoes", "no", 0), Label("fashion", "no", 0)],
        [Label("shoes", "no", 0), Label("fashion", "yes", 1)],
    ]


def test_a_brands_own_account_has_its_group_and_no_interests(write: Write) -> None:
    assert write([reaction("tibi", "allbirds")]).of(["tibi"]) == [[Label("brand", "fashion")]]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (reaction("anna", "zara"), "brand 'zara' not in brands.jsonl: add a line there"),
        (reaction("anna", "tibi", "like"), r"Invalid enum value 'like' - at `\$.kind`"),
        ({"user": "anna", "kind": "follow"}, "missing required field `brand`"),
        ("{broken", "malformed"),
    ],
)
def test_a_faulty_reaction_is_located(write: Write, row: dict | str, fault: str) -> None:
    found = write([reaction("anna", "tibi"), "", row])
    with pytest.raises(ValueError, match=rf"reactions\.jsonl, line 3: .*{fault}"):
        found.check()


def test_brands_that_are_unknown_are_named_together(write: Write) -> None:
    found = write([reaction("anna", f"b{number % 7}") for number in range(14)])
    with pytest.raises(ValueError, match=r"line 1: brand 'b0'; .*; line 5: brand 'b4' and 2 more not in brands\.jsonl"):
        found.check()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"user": "tibi", "group": "shoes"}, "brand 'tibi' is there twice"),
        ({"user": "zara", "group": "brand"}, "no group can be called 'brand'"),
        ({"user": "zara", "group": ""}, r"length >= 1 - at `\$.group`"),
        ({"user": "zara"}, "missing required field `group`"),
    ],
)
def test_a_faulty_brand_is_located(write: Write, row: dict, fault: str) -> None:
    found = write([], [*BRANDS, row])
    with pytest.raises(ValueError, match=rf"brands\.jsonl, line 4: .*{fault}"):
        found.check()


def test_a_line_that_is_no_utf_8_is_located(write: Write) -> None:
    found = write([])
    (found.root / "reactions.jsonl").write_bytes(b'\n{"user": "\xff"}')
    with pytest.raises(ValueError, match=r"reactions\.jsonl, line 2: not UTF-8: byte 0xff"):
        found.check()
