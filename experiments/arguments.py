"""Command lines of the small programs: own options, dotted settings for the experiments, answers to typos.

Imports nothing heavy, so that a typo is answered in a blink.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from experiments.names import did_you_mean
from experiments.runner import StageFailed

SETTING = re.compile(r"--(wandb|\w+(\.\w+)+)=.*", re.DOTALL)  # --protocol.iterations=0


class Arguments(argparse.ArgumentParser):
    """Options that can't be abbreviated; what looks like `--group.name=value` is passed on to the experiments."""

    def __init__(self, program: str, description: str) -> None:
        super().__init__(prog=f"python -m experiments.{program}", description=description, allow_abbrev=False)

    def parse(self, argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
        """Return own options and dotted settings; exit status 2 names an unknown word and the nearest known one."""
        options, rest = self.parse_known_args(argv)
        settings = [word for word in rest if SETTING.fullmatch(word)]
        for word in rest:
            if word not in settings:
                self._refuse(word)
        return options, settings

    def add_run_options(self, seeds: int, profile: str | None) -> None:
        """Options of everything that runs rows of experiments over seeds."""
        self.add_argument("--profile", default=profile, help="settings to run under, e.g. demo or paper (%(default)s)")
        self.add_argument("--seeds", type=positive, default=seeds, help="seeds 0 to N-1 (%(default)s)")
        self.add_argument("--jobs", type=positive, default=1, help="stages side by side (%(default)s)")
        self.add_argument("--store", type=Path, default=Path("runs"), help="folder of finished stages (%(default)s)")
        self.add_argument("--dry_run", action="store_true", help="print what is done and what is to do; run nothing")
        self.add_argument("--format", choices=["markdown", "latex", "html"], default="markdown")
        self.add_argument("--out", type=Path, help="write to this file instead of printing")

    def _refuse(self, word: str) -> NoReturn:
        name = word.split("=", 1)[0]
        hint = did_you_mean(name, self._option_string_actions)
        if re.fullmatch(r"--\w+(\.\w+)+", word):
            hint = " Settings of the experiments are written --group.name=value."
        self.error(f"unknown argument {name}.{hint}")


def choose(kind: str, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return `wanted` if all are known; else name the unknown one, the nearest known and all known, and exit with 2."""
    known = list(known)
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, known)
            print(f'error: no {kind} "{name}".{hint} There are: {", ".join(known) or "none"}', file=sys.stderr)
            raise SystemExit(2)
    return list(wanted)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print what went wrong with a stage or a file, without a traceback, and exit with 2."""
    try:
        yield
    except (StageFailed, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def positive(word: str) -> int:
    """A whole number from 1."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1")
    return int(word)
