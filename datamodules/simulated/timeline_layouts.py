"""Raw layout of the simulated timelines: JSON lines with their pictures, brands, and who reacted to these."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from datamodules.simulated.layouts import LICENCE, write_lines
from datamodules.simulated.network import pick
from datamodules.simulated.reactions import Reaction
from datamodules.simulated.timelines import BRANDS, Said, draw_picture

QUALITY, QUALITIES = 85, (40, 60, 85)  # of JPEG files; of copies of a picture that goes round
LOST_EVERY = 200  # pictures of posts with text, of which one's file is lost


def write_timelines(folder: Path, seed: int, posts: Sequence[Said], reactions: Iterable[Reaction]) -> None:
    """Write timelines.jsonl, brands.jsonl, reactions.jsonl, dataset.yaml and images/<id>.jpg, one file a post."""
    (folder / "images").mkdir(parents=True)
    pictured = [said for said in posts if said.picture is not None]
    lost = {said.number for said in [said for said in pictured if said.text][LOST_EVERY - 1 :: LOST_EVERY]}
    for said in pictured:
        if said.number not in lost:
            _save(folder / "images", seed, said)
    write_lines(folder / "timelines.jsonl", map(_line, posts))
    write_lines(folder / "brands.jsonl", ({"user": brand, "group": group} for brand, group in BRANDS))
    write_lines(folder / "reactions.jsonl", (reaction._asdict() for reaction in reactions))
    sheet = {"name": "simulated_timelines", "licence": LICENCE, "media_root": "images"}
    (folder / "dataset.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False), encoding="utf-8")


def truth_of(said: Said) -> dict[str, Any]:
    """Return a post's row of truth.parquet, with the causes of its user."""
    account = said.account
    return {
        "id": str(said.number),
        "scene": said.subject.kind,
        "weather": said.subject.weather,
        "topic": said.subject.topic,
        "user": account.name,
        "set": "timelines",
        "off_topic": said.off_topic,
        "repeated": said.repeated,
        "picture": None if said.picture is None else str(said.picture),  # the same for all copies of a picture
        "interests": list(account.topics),
        "favourites": list(account.scenes),
        "sky": account.weather,
    }


def _line(said: Said) -> dict[str, Any]:
    return {
        "user": said.account.name,
        "text": said.text,
        "image": None if said.picture is None else f"{said.number}.jpg",
        "time": _moment(said.created_at, said.account.seconds),
        "id": str(said.number),
    }


def _moment(moment: datetime, seconds: bool) -> str | int:
    return int(moment.timestamp()) if seconds else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _save(folder: Path, seed: int, said: Said) -> None:
    number = said.picture or said.number
    copied = number != said.number  # by somebody's program, which may have packed it once more
    quality = pick(np.random.default_rng([seed, said.number, 4]), QUALITIES) if copied else QUALITY
    draw_picture(seed, number, said.subject).save(folder / f"{said.number}.jpg", quality=quality)
