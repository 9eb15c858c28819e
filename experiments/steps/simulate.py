"""Stages that make posts: the simulated network, and its raw layouts as prepared data sets."""

from pathlib import Path

from datamodules import formats
from datamodules.prepare import open_layout, prepare
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
    layout = made["part"] if made["part"] in formats.names() else "wild"
    # its towns have no language that a detector knows; three converters ask for none
    language = None if layout in ("reddit_emotion", "pins", "timelines") else "any"
    # a published layout names its own posts; these must say what they are, as the network's other posts do
    options = Options(name=None if layout == "wild" else f"simulated_{layout}", language=language)
    prepare(open_layout(layout, raw, options), job.folder / "posts")
