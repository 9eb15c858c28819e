"""Triplets that most of their annotators agree with (Pins, section 3.2.2)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datamodules.preparing import Problem
from datamodules.preparing.readers import read_table
from datamodules.triplets.files import Triplets
from datamodules.triplets.sheet import Asked, read_key

ANSWERS = ("A", "B", "both", "neither")
COLUMNS = ("id", "annotator", "answer")
FEWEST, MOST = 3, 5  # annotators of a triplet
MANY = 3  # "70% of the selected phrases triplets have more than 3 annotators to agree"
_BY_LOWER = {answer.lower(): answer for answer in ANSWERS}


class Voted(NamedTuple):
    """What is left after the vote."""

    ids: list[int]  # of the triplets kept, in the order of the key
    triplets: Triplets
    report: dict[str, Any]


def kept_by_vote(key: Path | str, votes: Path | str) -> Voted:
    """Keep a triplet where more than half of its annotators, three or more, chose the positive phrase.

    Args:
        key: `key.csv` of `write_sheet`.
        votes: CSV with the columns id, annotator, answer; an answer is A, B, both or neither, in any case.

    Returns:
        Beside the triplets a report: `asked` in all; of these `without_votes`, with `too_few_annotators` (1 or 2), with
        `more_annotators` than 5, and `judged` (3 or more); of these `kept`, `share_kept`; of the kept ones
        `share_more_than_3`, which more than three annotators agree with; `answers` of all by what they say.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an unknown id or answer, or an annotator who answers a triplet twice; names file and line. No votes.
    """
    asked = read_key(key)
    answers = _answers(asked, Path(key), Path(votes))
    agreeing = {number: list(answers.get(number, {}).values()).count("positive") for number in asked}
    judged = [number for number in asked if len(answers.get(number, ())) >= FEWEST]
    ids = [number for number in judged if 2 * agreeing[number] > len(answers[number])]
    triplets = Triplets.of((asked[number].base, asked[number].positive, asked[number].negative) for number in ids)
    report = _counts(asked, answers) | {
        "judged": len(judged),
        "kept": len(ids),
        "share_kept": _share(len(ids), len(judged)),
        "share_more_than_3": _share(sum(agreeing[number] > MANY for number in ids), len(ids)),
    }
    return Voted(ids, triplets, report)


def _answers(asked: Mapping[int, Asked], key: Path, votes: Path) -> dict[int, dict[str, str]]:
    """What each annotator says of each triplet: id -> annotator -> positive, negative, both or neither."""
    answers: dict[int, dict[str, str]] = {}
    for line, number, annotator, answer in _votes(votes):
        place = f"{votes}, line {line}"
        if number not in asked:
            raise ValueError(f"{place}: id {number} is not in {key}; are these the votes on its sheet?")
        if annotator in answers.setdefault(number, {}):
            raise ValueError(f"{place}: {annotator!r} answers {number} for the second time; leave one line")
        answers[number][annotator] = _said(answer, asked[number])
    if not answers:
        raise ValueError(f"{votes}: no votes; wanted: lines of {','.join(COLUMNS)}")
    return answers


def _votes(path: Path) -> Iterator[tuple[int, int, str, str]]:
    """Line, id, annotator, answer."""
    for row in read_table(path.parent, path.name, COLUMNS):
        if isinstance(row, Problem):
            raise ValueError(f"{path}, line {row.line}: {row.cause}")
        line, cells = row
        number, annotator, answer = (cells[name].strip() for name in COLUMNS)
        if answer.lower() not in _BY_LOWER:
            raise ValueError(f"{path}, line {line}: answer {answer!r}; there are {', '.join(ANSWERS)}")
        if not number.isdecimal() or not annotator:
            raise ValueError(
                f"{path}, line {line}: wanted a triplet's number and an annotator, not {number},{annotator}"
            )
        yield line, int(number), annotator, _BY_LOWER[answer.lower()]


def _said(answer: str, entry: Asked) -> str:
    if answer in ("A", "B"):
        return "positive" if answer == entry.side else "negative"
    return answer


def _counts(asked: Mapping[int, Asked], answers: Mapping[int, Mapping[str, str]]) -> dict[str, Any]:
    said = Counter(positive=0, negative=0, both=0, neither=0)
    for given in answers.values():
        said.update(given.values())
    return {
        "asked": len(asked),
        "without_votes": len(asked) - len(answers),
        "too_few_annotators": sum(len(given) < FEWEST for given in answers.values()),
        "more_annotators": sum(len(given) > MOST for given in answers.values()),
        "answers": dict(said),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
