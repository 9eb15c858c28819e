"""Stage that makes sentences of words by number of posts' descriptions (Pins, sections 3.1 and 5.1)."""

from datamodules.posts import Posts
from datamodules.sentences import Cleaning, Words, write_corpus
from experiments.stage import Job
from experiments.wiring import filled


def corpus(job: Job) -> None:
    """Clean the descriptions, count words, keep sentences; see `datamodules.sentences.write_corpus`."""
    settings = filled(job.settings, job.folders)
    write_corpus(
        Posts(settings["posts"]),
        job.folder,
        Cleaning(**settings["cleaning"]),
        Words(**settings["vocabulary"]),
        settings["split"],
        settings["validation_images"],
        settings["seed"],
        max(1, job.free["num_workers"]),
    )
