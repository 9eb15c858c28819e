"""Mirrors datamodules/preparing/joining.py."""

import json

from datamodules.preparing import Problem
from datamodules.preparing.joining import published, random_parts


def test_random_parts_are_80_10_10_and_stable() -> None:
    ids = [f"w/{n}" for n in range(1000)]
    parts = dict(random_parts(ids))
    assert list(parts) == ids
    assert [list(parts.values()).count(part) for part in ("train", "validation", "test")] == [800, 100, 100]
    assert dict(random_parts(ids[::-1])) == parts
    assert dict(random_parts(ids, seed=1)) != parts
    changed = sum(parts[post] != part for post, part in random_parts(ids[:-10]))
    assert changed < 20


def test_a_problem_is_published_with_its_place() -> None:
    line = published(Problem("a.jsonl", 3, None, "not UTF-8: byte 0xff at column 1"))
    assert json.loads(line) == {"file": "a.jsonl", "line": 3, "id": None, "cause": "not UTF-8: byte 0xff at column 1"}
