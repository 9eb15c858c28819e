"""Triplets that most of their annotators agree with (Pins, section 3.2.2)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datamodules.preparing import Problem
from datamodules.preparing.readers import read_table
from datamodules.triplets.files import Triplets, write_triplets
from datamodules.triplets.sheet import ID, Asked, read_key
from encoders.atomic import write_json

ANSWERS = ("A", "B", "both", "neither")
COLUMNS = ("id", "annotator", "answer")
FEWEST, MOST = 3, 5  # annotators of a triplet
MANY = 3  # "70% of the selected phrases triplets have more than 3 annotators to agree"
_BY_LOWER = {answer.lower(): answer for answer in ANSWERS}


class OtherSheet(ValueError):
    """Votes that were given on another sheet than the key's."""


class Voted(NamedTuple):
    """What is left after the vote."""

    ids: list[str]  # of the triplets kept, in the order of the key
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
        OtherSheet: an id has another digest than the key's; names file and line.
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


def write_voted(folder: Path, voted: Voted) -> None:
    """Write the report to `vote.json` and the triplets to `voted.tsv`.

    Raises:
        ValueError: no triplet is kept; the report is there then, and no `voted.tsv`.
    """
    write_json(folder / "vote.json", voted.report)
    if not voted.ids:
        (folder / "voted.tsv").unlink(missing_ok=True)  # of a vote before, which the report is not about
        told = ("asked", "without_votes", "too_few_annotators", "judged", "kept")
        counts = [f"{name} {count:,}" for name, count in voted.report.items() if name in told]
        said = [f"{count:,} {name}" for name, count in voted.report["answers"].items()]
        raise ValueError(f"no triplet is kept: {', '.join(counts)}; answers: {', '.join(said)}; see {folder}/vote.json")
    write_triplets(folder / "voted.tsv", voted.triplets)


def _answers(asked: Mapping[str, Asked], key: Path, votes: Path) -> dict[str, dict[str, str]]:
    """What each annotator says of each triplet: id -> annotator -> positive, negative, both or neither."""
    answers: dict[str, dict[str, str]] = {}
    digests = {_digest(number) for number in asked}
    for line, number, annotator, answer in _votes(votes):
        place = f"{votes}, line {line}"
        if _digest(number) not in digests:
            raise OtherSheet(f"{place}: id {number} is of another sheet; ids of {key} look like {next(iter(asked))}")
        if number not in asked:
            raise ValueError(f"{place}: id {number} is not in {key}; are these the votes on its sheet?")
        if annotator in answers.setdefault(number, {}):
            raise ValueError(f"{place}: {annotator!r} answers {number} for the second time; leave one line")
        answers[number][annotator] = _said(answer, asked[number])
    if not answers:
        raise ValueError(f"{votes}: no votes; wanted: lines of {','.join(COLUMNS)}")
    return answers


def _votes(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, id, annotator, answer."""
    for row in read_table(path.parent, path.name, COLUMNS):
        if isinstance(row, Problem):
            raise ValueError(f"{path}, line {row.line}: {row.cause}")
        line, cells = row
        number, annotator, answer = (cells[name].strip() for name in COLUMNS)
        if answer.lower() not in _BY_LOWER:
            raise ValueError(f"{path}, line {line}: answer {answer!r}; there are {', '.join(ANSWERS)}")
        if not ID.fullmatch(number) or not annotator:
            raise ValueError(f"{path}, line {line}: wanted a triplet's id and an annotator, not {number},{annotator}")
        yield line, number, annotator, _BY_LOWER[answer.lower()]


def _digest(number: str) -> str:
    return number.partition("-")[2]


def _said(answer: str, entry: Asked) -> str:
    if answer in ("A", "B"):
        return "positive" if answer == entry.side else "negative"
    return answer


def _counts(asked: Mapping[str, Asked], answers: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
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
