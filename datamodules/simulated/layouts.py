"""Raw layouts of the simulated network: JSON lines, and MVSA as its authors and as CAST's code keep it."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.simulated.labels import CLASSES, annotators, label
from datamodules.simulated.network import TONES, Truth

LICENCE = "none needed: simulated, no person wrote or photographed anything"
MVSA_PARTS = {"train": "train", "validation": "dev", "test": "test"}


def write_posts(folder: Path, name: str, tasks: Sequence[str], posts: Iterable[dict[str, Any]]) -> None:
    """Write posts.jsonl and dataset.json, which names the tasks' classes and where the pictures lie."""
    folder.mkdir()
    write_lines(folder / "posts.jsonl", posts)
    about = {
        "name": name,
        "licence": LICENCE,
        "media_root": "../media",
        "tasks": {task: list(CLASSES[task]) for task in tasks},
    }
    _write_json(folder / "dataset.json", about)


def write_mvsa_official(folder: Path, media: Path, posts: Sequence[dict[str, Any]], truths: Sequence[Truth]) -> None:
    """Write data/<id>.jpg, data/<id>.txt, labelResultAll.txt; posts whose two labels contradict are among them."""
    _copy_pictures(folder / "data", media, posts)
    rows = ["ID\ttext,image"]
    for post, truth in zip(posts, truths, strict=True):
        (folder / "data" / f"{post['id']}.txt").write_text(post["text"] + "\n", encoding="utf-8")
        rows.append(f"{post['id']}\t{','.join(annotators(truth))}")
    (folder / "labelResultAll.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_mvsa_json(folder: Path, media: Path, posts: Sequence[dict[str, Any]], truths: Sequence[Truth]) -> None:
    """Write train, dev and test.json (id, text, emotion_label) and data/<id>.jpg, without contradicting posts."""
    kept = [post for post, truth in zip(posts, truths, strict=True) if not contradicts(truth)]
    _copy_pictures(folder / "data", media, kept)
    for split, name in MVSA_PARTS.items():
        rows = [
            {
                "id": post["id"],
                "text": post["text"],
                "emotion_label": CLASSES["sentiment"].index(post["labels"]["sentiment"]),
            }
            for post in kept
            if post["split"] == split
        ]
        _write_json(folder / f"{name}.json", rows)


def contradicts(truth: Truth) -> bool:
    """Whether MVSA's clean-up drops the post: text positive and picture negative, or the other way round."""
    return set(annotators(truth)) == {"positive", "negative"}


def write_truth(path: Path, truths: Sequence[Truth], *further: Sequence[dict[str, Any]]) -> None:
    """Write the hidden causes and every task's label of every post, for tests and claims only.

    Rows of `further` sets of posts bring columns of their own, a set the same in all rows; what a post lacks is null.
    """
    rows = [
        {
            "id": str(truth.number),
            "scene": truth.kind,
            "mood": truth.scene.mood,
            "striking": truth.scene.striking,
            "gathering": truth.scene.gathering,
            "weather": truth.weather,
            "tone": truth.tone,
            "tone_mood": TONES[truth.tone],
            "form": truth.form,
            "stance": truth.stance,
            "topic": truth.topic,
            "event": truth.event,
            "user": f"u{truth.user:03d}",
            **{task: label(task, truth) for task in CLASSES},
        }
        for truth in truths
    ]
    tables = [pa.Table.from_pylist(part) for part in (rows, *map(list, further)) if part]
    pq.write_table(pa.concat_tables(tables, promote_options="default"), path)


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines, letters of all scripts as they are."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _copy_pictures(folder: Path, media: Path, posts: Sequence[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    for post in posts:
        shutil.copyfile(media / post["image"], folder / post["image"])


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
