"""Stages that make test sets of triplets: of clicks, by votes, of captions, of word pairs (Pins, section 3.2).

They import no torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datamodules.sentences import Corpus
from datamodules.simulated.votes import load_meanings, simulate_votes
from datamodules.triplets import (
    Rules,
    build,
    caption_triplets,
    csv_text,
    kept_by_vote,
    read_clicks,
    read_triplets,
    write_sheet,
    write_triplets,
)
from datamodules.triplets.votes import COLUMNS, OtherSheet, Voted, write_voted
from datamodules.word_similarity import read_sets, triplets_of
from encoders.atomic import write_json, write_text
from experiments.stage import Job
from experiments.wiring import filled

RAW, CAPTIONS, WORDS, VOTES = "raw.tsv", "captions.tsv", "words.tsv", "votes.csv"


def clicked(job: Job) -> None:
    """Raw triplets of a click log: `raw.tsv`, `counts.json`, `problems.jsonl`."""
    settings = filled(job.settings, job.folders)
    rules = Rules(settings["top"], settings["min_clicks"], settings["negatives"], settings["seed"])
    log = read_clicks(settings["clicks"], job.folder / "problems.jsonl")
    built = build(log, rules, settings["pool"])
    write_triplets(job.folder / RAW, built.triplets)
    write_json(job.folder / "counts.json", built.counts)
    print(", ".join(f"{name} {count:,}" for name, count in built.counts.items()))


def voted(job: Job) -> None:
    """Raw triplets that most annotators agree with: `voted.tsv`, `vote.json`, sheet, key and `votes.csv`.

    Without a file of votes they are simulated, by what the words mean; `vote.json` says which.

    Raises:
        OtherSheet: the votes are on another sheet; says how this stage's is drawn.
        ValueError: neither votes nor meanings are given, or no triplet is kept.
    """
    settings = filled(job.settings, job.folders)
    triplets = read_triplets(Path(settings["triplets"]) / RAW)
    asked = write_sheet(job.folder, triplets, settings["sample"], settings["seed"])
    votes = Path(settings["votes"] or job.folder / VOTES)
    if not settings["votes"]:
        if not settings["meanings"]:
            raise ValueError("votes: none; name a CSV of them, or, for a simulated network, the meanings of its words")
        shown = ((number, entry.base, *entry.shown) for number, entry in asked.items())
        said = simulate_votes(shown, load_meanings(Path(settings["meanings"])), settings["seed"])
        write_text(votes, csv_text(COLUMNS, said))
    kept = _kept(job.folder / "key.csv", votes, settings)
    write_text(job.folder / VOTES, votes.read_text("utf-8-sig"))
    write_voted(job.folder, kept._replace(report=kept.report | {"simulated": not settings["votes"]}))
    print(", ".join(f"{name} {value}" for name, value in kept.report.items()))


def captions(job: Job) -> None:
    """Triplets of a corpus' held-out captions: `captions.tsv`."""
    settings = filled(job.settings, job.folders)
    corpus, part, count = Corpus(settings["corpus"]), settings["part"], settings["count"]
    triplets = caption_triplets(corpus, part, count, settings["seed"], rounds=settings["rounds"])
    write_triplets(job.folder / CAPTIONS, triplets)
    print(f"{triplets.size:,} triplets of captions, {settings['count']:,} wanted")


def similar(job: Job) -> None:
    """Triplets of word-similarity sets, a word with a more and a less similar one: `words.tsv`."""
    settings = filled(job.settings, job.folders)
    triplets = triplets_of(read_sets(Path(settings["similarity"])), settings["seed"])
    write_triplets(job.folder / WORDS, triplets)
    print(f"{triplets.size:,} triplets of word-similarity sets")


def _kept(key: Path, votes: Path, settings: Mapping[str, Any]) -> Voted:
    try:
        return kept_by_vote(key, votes)
    except OtherSheet as error:
        drawn = f"{settings['triplets']}/{RAW} FOLDER --sample {settings['sample']} --seed {settings['seed']}"
        raise OtherSheet(
            f"{error}; a run takes votes on the sheet that `python -m datamodules.triplets sheet {drawn}` writes, "
            "where --sample is `protocol.clicked.sample` and the triplets are the run's own"
        ) from None
