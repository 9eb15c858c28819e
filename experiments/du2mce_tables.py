"""Table 1 of the DU2MCE paper: what the corpora hold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from datamodules.preparing.interests import BRAND
from experiments.documents import Block, Document, Footnotes
from experiments.tables import Asked, convert, read_mapping, table_file

Statistic = Literal[
    "posts",
    "images",
    "captions",
    "users",
    "training_posts",
    "training_images",
    "text_user_pairs",
    "image_text_pairs",
    "image_user_pairs",
]
LINES: dict[Statistic, str] = {
    "posts": "Posts (tweets)",
    "images": "Images",
    "captions": "Captions",
    "users": "Users",
    "training_posts": "Training: posts",
    "training_images": "Training: images",
    "text_user_pairs": "Testing: user-text pairs",
    "image_text_pairs": "Testing: image-text pairs",
    "image_user_pairs": "Testing: image-user pairs",
}


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of Table 1 as it is printed; `interested` is users by group of brands."""

    counts: dict[Statistic, str]
    interested: dict[str, str] = {}
    notes: list[str] = []


def corpus_statistics(asked: Asked) -> Document:
    """Table 1 beside the counts of corpora of timelines and of prepared posts.

    Raises:
        ValueError: a folder is neither.
    """
    path = table_file(asked.name)
    spec = read_mapping(path)
    marks = Footnotes(spec["footnotes"])
    published = convert(path, "corpora", spec["corpora"], dict[str, Counts])
    columns = [(name + marks.marks(found.notes), found) for name, found in published.items()]
    columns += map(_counted, asked.posts)
    groups = list(dict.fromkeys(group for _, found in columns for group in found.interested))
    lines = [[label, *(found.counts.get(key, "–") for _, found in columns)] for key, label in LINES.items()]
    for group in groups:
        shown = [found.interested.get(group, "–") for _, found in columns]
        lines.append([f"Users interested in {group}", *shown])
    note = (
        "Images are posts with one; brands are no users. Of a corpus of timelines: after near-duplicates and small "
        "accounts are left out."
    )
    block = Block("Published, then ours", ["Statistic", *(name for name, _ in columns)], lines, [note], words=1)
    hint = "" if asked.posts else " --posts takes corpora of timelines and prepared folders to count."
    return Document(spec["title"], [f"{spec['source']}.{hint}"], [block], footnotes=marks.used())


def _counted(folder: Path) -> tuple[str, Counts]:
    """What a folder holds, under its name and kind."""
    if (folder / "corpus.json").is_file():
        from datamodules.timelines import Timelines

        info = Timelines(folder).info
        return f"{info['settings']['posts']}, timelines ({folder.name})", _of_timelines(info["statistics"])
    if not (folder / "dataset.json").is_file():
        raise ValueError(
            f"{folder}: neither a corpus of timelines (corpus.json) nor a prepared data set (dataset.json); the stage "
            "`timelines` of a run makes the one, `python -m datamodules.prepare` the other"
        )
    name = json.loads((folder / "dataset.json").read_text("utf-8"))["name"]
    return f"{name}, prepared ({folder.name})", _of_posts(folder)


def _of_timelines(found: Mapping[str, Any]) -> Counts:
    training, test = found["train"], found["test"]
    counts: dict[Statistic, int] = {
        "posts": found["posts"],
        "images": found["images"],
        "captions": found["captions"],
        "users": found["users"] - found.get("brands", 0),
        "training_posts": training["posts"],
        "training_images": training["images"],
        "text_user_pairs": test["text_user_pairs"],
        "image_text_pairs": test["image_text_pairs"],
        "image_user_pairs": test["image_user_pairs"],
    }
    return _printed(counts, found["interested"])


def _of_posts(folder: Path) -> Counts:
    """All that was prepared: pictures are counted by posts, captions are posts with a text."""
    from datamodules.posts import Posts
    from datamodules.timelines.statistics import interested

    posts, users = Posts(folder), set[str]()
    images = captions = 0
    for batch in posts.batches(["user", "text", "media"]):
        users.update(user for user in batch["user"] if user is not None)
        images += sum(any(each["kind"] == "image" and each["path"] for each in media or []) for media in batch["media"])
        captions += sum(bool(text and not text.isspace()) for text in batch["text"])
    labels = posts.user_labels() if posts.info.get("user_tasks") else {}
    users = {user for user in users if BRAND not in labels.get(user, {})}
    counts: dict[Statistic, int] = {"posts": len(posts), "images": images, "captions": captions, "users": len(users)}
    return _printed(counts, interested(sorted(users), labels))


def _printed(counts: Mapping[Statistic, int], interested: Mapping[str, int]) -> Counts:
    groups = {group: f"{count:,}" for group, count in interested.items()}
    return Counts({name: f"{count:,}" for name, count in counts.items()}, groups)
