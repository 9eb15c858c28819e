"""Raw layouts of the simulated pins: JSON lines with their pictures, the click log, what words mean."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from datamodules.simulated.layouts import LICENCE, write_lines
from datamodules.simulated.pin_words import BOARDS, meanings
from datamodules.simulated.pins import FIRST_NUMBER, Pin, draw_picture

QUALITY = 85  # of JPEG files
PARTS = {"train": 0.8, "validation": 0.1}  # of the pins; the others are for tests


def write_pins(folder: Path, seed: int, pins: Sequence[Pin]) -> None:
    """Write pins.jsonl, dataset.yaml and images/<id>.jpg."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for pin in pins:
        if pin.image is not None:
            draw_picture(seed, pin).save(folder / "images" / pin.image, quality=QUALITY)
        rows.append(
            {
                "image": pin.image,
                "descriptions": [description.text for description in pin.descriptions],
                "id": str(pin.number),
                "split": part_of(pin.number - FIRST_NUMBER, len(pins)),
            }
        )
    write_lines(folder / "pins.jsonl", rows)
    sheet = {"name": "simulated_pins", "licence": LICENCE, "media_root": "images"}
    (folder / "dataset.yaml").write_text(yaml.safe_dump(sheet, sort_keys=False), encoding="utf-8")


def write_clicks(folder: Path, clicks: Iterable[dict[str, Any]]) -> None:
    """Write clicks.jsonl, and meanings.jsonl for simulated annotators."""
    folder.mkdir()
    write_lines(folder / "clicks.jsonl", clicks)
    rows = [{"word": word, meaning.cause: meaning.value} for word, meaning in meanings().items()]
    write_lines(folder / "meanings.jsonl", rows)


def part_of(position: int, count: int) -> str:
    """Return the part of a pin, and so of all its descriptions; pins are exchangeable, so the order may decide."""
    if position < round(PARTS["train"] * count):
        return "train"
    return "validation" if position < round((PARTS["train"] + PARTS["validation"]) * count) else "test"


def truth_of(pin: Pin) -> dict[str, Any]:
    """Return a pin's row of truth.parquet."""
    return {
        "id": str(pin.number),
        "scene": pin.kind,
        "weather": pin.weather,
        "set": "pins",
        "theme": pin.theme,
        "pictured": pin.pictured,
        "boards": [BOARDS[description.board] for description in pin.descriptions],
        "elsewhere": [description.elsewhere for description in pin.descriptions],
    }
