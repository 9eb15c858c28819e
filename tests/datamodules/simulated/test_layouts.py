"""Mirrors datamodules/simulated/layouts.py."""

import json
from pathlib import Path

from datamodules.simulated import CLASSES


def test_dataset_json_names_classes_and_the_pictures_folder(network: Path) -> None:
    for part in [*CLASSES, "corpus"]:
        about = json.loads((network / part / "dataset.json").read_text())
        assert (network / part / about["media_root"]).resolve() == network / "media"
        assert about["name"] == f"simulated_{part}"
        assert about["tasks"] == ({part: list(CLASSES[part])} if part in CLASSES else {})


def test_mvsa_official_is_complete_and_holds_contradicting_posts(network: Path) -> None:
    head, *rows = (network / "mvsa_official" / "labelResultAll.txt").read_text().splitlines()
    assert head == "ID\ttext,image"
    assert len(rows) == 60
    labels = dict(row.split("\t") for row in rows)
    for own, pair in labels.items():
        assert set(pair.split(",")) <= set(CLASSES["sentiment"])
        assert (network / "mvsa_official" / "data" / f"{own}.txt").read_text().strip()
        assert (network / "mvsa_official" / "data" / f"{own}.jpg").is_file()
    assert {"positive,negative", "negative,positive"} & set(labels.values())


def test_mvsa_json_has_three_parts_of_the_posts_that_the_clean_up_keeps(
    network: Path, posts: dict[str, list[dict]]
) -> None:
    rows = (network / "mvsa_official" / "labelResultAll.txt").read_text().splitlines()[1:]
    contradicting = {
        row.split("\t")[0] for row in rows if {"positive", "negative"} <= set(row.replace("\t", ",").split(","))
    }
    parts = {
        name: json.loads((network / "mvsa_json" / f"{name}.json").read_text()) for name in ("train", "dev", "test")
    }
    assert all(parts.values())
    kept = {row["id"]: row for part in parts.values() for row in part}
    assert len(kept) == sum(map(len, parts.values())) == 60 - len(contradicting)
    assert not set(kept) & contradicting
    sentiment = {row["id"]: row for row in posts["sentiment"]}
    for own, row in kept.items():
        assert CLASSES["sentiment"][row["emotion_label"]] == sentiment[own]["labels"]["sentiment"]
        assert row["text"] == sentiment[own]["text"]
        assert (network / "mvsa_json" / "data" / f"{own}.jpg").is_file()


def test_truth_knows_every_post(truth: dict[str, dict], posts: dict[str, list[dict]]) -> None:
    assert set(truth) == {row["id"] for rows in posts.values() for row in rows}
