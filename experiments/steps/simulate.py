"""Stages that make posts: the simulated network, and its raw layouts as prepared data sets."""

from pathlib import Path

from datamodules.formats import wild
from datamodules.prepare import prepare
from datamodules.preparing import Options
from datamodules.simulated import simulate as draw
from experiments.stage import Job
from experiments.wiring import filled


def simulate(job: Job) -> None:
    """Draw the network and write it in raw layouts, under `raw/`."""
    draw(job.folder / "raw", **job.settings)


def posts(job: Job) -> None:
    """Turn one raw layout into a prepared data set, under `posts/`."""
    made = filled(job.settings, job.inputs)
    raw = Path(made["raw"]) / "raw" / made["part"]
    prepare(wild.open_layout(raw.resolve(), Options(language="any")), job.folder / "posts")
