"""Triplets of phrases for testing word vectors: from a click log, through annotators' votes, or from captions."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from datamodules.sentences import Corpus
from datamodules.triplets.building import Rules, Weighting, build
from datamodules.triplets.captions import ROUNDS, caption_triplets
from datamodules.triplets.clicks import MAX_BAD, read_clicks
from datamodules.triplets.files import read_triplets, write_triplets
from datamodules.triplets.sheet import SAMPLE, write_sheet
from datamodules.triplets.votes import kept_by_vote, write_voted
from encoders.atomic import write_json

_EPILOG = """\
a test set from clicks takes three steps:

  python -m datamodules.triplets build clicks.jsonl triplets
      writes triplets/raw.tsv (base, positive, negative), counts.json, problems.jsonl
  python -m datamodules.triplets sheet triplets/raw.tsv vote
      writes vote/annotators (give it to three to five people) and vote/key.csv (don't)
  python -m datamodules.triplets vote vote/key.csv answers.csv voted
      writes voted/voted.tsv (what more than half of the annotators agree with) and vote.json

a line of clicks.jsonl: {"query": "hair styles", "item": "17.jpg", "annotations": ["ponytail"], "clicks": 3}
a line of answers.csv, below its header id,annotator,answer: 17-3fa9c1,anna,A   (or B, both, neither)
"""


def main(arguments: list[str] | None = None) -> int:
    """Command line; 1 after an error, which is printed in one line."""
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except (OSError, ValueError) as error:
        print(f"triplets: {error}", file=sys.stderr)
        return 1
    return 0


def _build(given: argparse.Namespace) -> None:
    rules = Rules(given.top, given.min_clicks, given.negatives, given.seed)
    _make(given.out)
    built = build(read_clicks(given.clicks, given.out / "problems.jsonl", given.max_bad), rules, given.pool)
    write_triplets(given.out / "raw.tsv", built.triplets)
    write_json(given.out / "counts.json", built.counts)
    _show(given.out / "raw.tsv", built.counts)


def _sheet(given: argparse.Namespace) -> None:
    triplets = read_triplets(given.triplets)
    _make(given.out)
    asked = write_sheet(given.out, triplets, given.sample, given.seed)
    _show(given.out, {"triplets": triplets.size, "asked": len(asked)})
    print(f"give {given.out / 'annotators'} to three to five people, and keep {given.out / 'key.csv'}")


def _vote(given: argparse.Namespace) -> None:
    voted = kept_by_vote(given.key, given.votes)
    _make(given.out)
    write_voted(given.out, voted)
    _show(given.out / "voted.tsv", voted.report)


def _captions(given: argparse.Namespace) -> None:
    triplets = caption_triplets(Corpus(given.corpus), given.part, given.count, given.seed)
    write_triplets(given.out, triplets)
    print(given.out)
    print(f"  {triplets.size:,} triplets of captions, {given.count:,} wanted")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotADirectoryError(f"{folder}: no folder can be made here, it or one above it is a file") from None


def _show(path: Path, counts: Mapping[str, Any]) -> None:
    print(path)
    for name, count in counts.items():
        print(f"  {name}: {_shown(count)}")


def _shown(count: Any) -> str:
    if isinstance(count, dict):
        return ", ".join(f"{part} {number:,}" for part, number in count.items())
    if isinstance(count, float):
        return f"{count:.3f}"
    return "none" if count is None else f"{count:,}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m datamodules.triplets",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    steps = parser.add_subparsers(metavar="STEP", required=True)
    _add_build(steps.add_parser("build", help="raw triplets from a click log", allow_abbrev=False))
    _add_sheet(steps.add_parser("sheet", help="a sheet for annotators, and its key", allow_abbrev=False))
    _add_vote(steps.add_parser("vote", help="the triplets that most annotators agree with", allow_abbrev=False))
    _add_captions(steps.add_parser("captions", help="triplets from held-out captions", allow_abbrev=False))
    return parser


def _add_build(step: argparse.ArgumentParser) -> None:
    step.set_defaults(run=_build)
    step.add_argument("clicks", metavar="CLICKS", type=Path, help="JSON lines: query, item, annotations, clicks")
    step.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    step.add_argument("--top", type=int, default=10, help="annotations of a query taken for positive, at most, before "
                      "those that share a word with it go (%(default)s)")  # fmt: skip
    step.add_argument("--min_clicks", type=int, default=1, help="clicks that they need (%(default)s)")
    step.add_argument("--negatives", choices=get_args(Weighting), default="distinct",
                      help="phrases of the pool have the same chance, or by their count (%(default)s)")  # fmt: skip
    step.add_argument("--pool", type=Path, help="file of phrases, one a line, to draw negatives from; else the log's")
    step.add_argument("--seed", type=int, default=0, help="of the negatives, from 0 (%(default)s)")
    step.add_argument("--max_bad", type=float, default=MAX_BAD, help="share of bad lines allowed, 0 to 1 (%(default)s)")


def _add_sheet(step: argparse.ArgumentParser) -> None:
    step.set_defaults(run=_sheet)
    step.add_argument("triplets", metavar="TRIPLETS", type=Path, help="base, positive, negative, separated by tabs")
    step.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    step.add_argument("--sample", type=int, default=SAMPLE, help="triplets to ask for, at most (%(default)s)")
    step.add_argument("--seed", type=int, default=0, help="of the sample and of the sides A and B (%(default)s)")


def _add_vote(step: argparse.ArgumentParser) -> None:
    step.set_defaults(run=_vote)
    step.add_argument("key", metavar="KEY", type=Path, help="key.csv of the sheet")
    step.add_argument("votes", metavar="VOTES", type=Path, help="CSV with the columns id, annotator, answer")
    step.add_argument("out", metavar="OUT", type=Path, help="folder to write")


def _add_captions(step: argparse.ArgumentParser) -> None:
    step.set_defaults(run=_captions)
    step.add_argument("corpus", metavar="CORPUS", type=Path, help="folder of a run's stage `sentences`")
    step.add_argument("out", metavar="OUT", type=Path, help="file to write")
    step.add_argument("--part", default="test", help="train, validation or test (%(default)s)")
    step.add_argument("--count", type=int, default=10_000,
                      help=f"triplets wanted; a picture gives {ROUNDS} at most (%(default)s)")  # fmt: skip
    step.add_argument("--seed", type=int, default=0, help="of the draws (%(default)s)")
