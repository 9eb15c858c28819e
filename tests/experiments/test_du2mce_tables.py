"""Mirrors experiments/du2mce_tables.py and the file of Table 3."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamodules.posts import SCHEMA, USERS, VERSION
from experiments.comparison import compare
from experiments.documents import markdown
from experiments.table import main
from experiments.tables import load_table


def cells(text: str, start: str) -> list[str]:
    """Cells of the one table line whose first cell is this."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    (found,) = [line[1:] for line in lines if line[0] == start]
    return found


def write_posts(folder: Path) -> Path:
    """Four posts by two users: one has a picture and a text, one a video, one blanks, one a picture that is gone."""
    media = [
        [{"path": "0.jpg", "kind": "image"}, {"path": "1.jpg", "kind": "image"}],
        [{"path": "2.mp4", "kind": "video"}],
        [],
        [{"path": None, "kind": "image"}],
    ]
    texts = ["a text", "another", " \n", None]
    users = ["anna", "anna", "cem", None]
    rows = [{"id": f"p/{n}", "user": users[n], "text": texts[n], "media": media[n]} for n in range(4)]
    (folder / "posts").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "posts" / "part-00000.parquet")
    labels = {
        "anna": {"shoes": "yes", "fashion": "no"},
        "cem": {"shoes": "yes", "fashion": "yes"},
        "shop": {"brand": "shoes", "shoes": "yes"},  # who posts nothing here
    }
    known = [
        {"user": user, "labels": [{"task": task, "value": value} for task, value in own.items()]}
        for user, own in labels.items()
    ]
    pq.write_table(pa.Table.from_pylist(known, USERS), folder / "users.parquet")
    info = {"version": VERSION, "name": "mine", "tasks": {}, "media_root": str(folder)}
    info["user_tasks"] = {"shoes": ["no", "yes"], "fashion": ["no", "yes"]}
    (folder / "dataset.json").write_text(json.dumps(info))
    return folder


def write_corpus(folder: Path) -> Path:
    whole = {"posts": 1234, "images": 60, "unique_images": 50, "captions": 1200, "users": 12}
    train = {"posts": 900, "images": 40}
    test = {"text_user_pairs": 240, "image_text_pairs": 15, "image_user_pairs": 16, "posts": 300}
    statistics = whole | {"train": train, "test": test, "interested": {"hospitality": 7}, "brands": 2}
    info = {"version": 1, "settings": {"posts": "theirs"}, "statistics": statistics}
    folder.mkdir()
    (folder / "corpus.json").write_text(json.dumps(info))
    return folder


def test_table_1_has_the_papers_counts_beside_those_of_corpora_and_posts(tmp_path: Path, capsys) -> None:
    folders = [write_corpus(tmp_path / "timelines"), write_posts(tmp_path / "posts")]
    assert main(["du2mce_1", "--posts", *map(str, folders)]) == 0
    text = capsys.readouterr().out
    assert cells(text, "Statistic")[2:] == ["theirs, timelines (timelines)", "mine, prepared (posts)"]
    assert cells(text, "Posts (tweets)") == ["9.45M", "796K", "1,234", "4"]
    assert cells(text, "Images") == ["1.26M", "796K", "60", "1"]
    assert cells(text, "Captions") == ["–", "722K", "1,200", "2"]
    assert cells(text, "Users") == ["39808", "2877", "10", "2"]
    assert cells(text, "Training: posts") == ["7.10M", "–", "900", "–"]
    assert cells(text, "Training: images") == ["981K", "–", "40", "–"]
    assert cells(text, "Testing: user-text pairs") == ["1.89M", "–", "240", "–"]
    assert cells(text, "Testing: image-text pairs") == ["5K", "–", "15", "–"]
    assert cells(text, "Testing: image-user pairs") == ["251K", "–", "16", "–"]
    assert cells(text, "Users interested in shoes") == ["–", "739", "–", "2"]
    assert cells(text, "Users interested in fashion") == ["–", "881", "–", "1"]
    assert cells(text, "Users interested in hospitality") == ["–", "1758", "7", "–"]
    assert "interested in brand" not in text
    assert main(["du2mce_1", "--posts", *[str(folders[1])] * 2]) == 0
    assert cells(capsys.readouterr().out, "Users") == ["39808", "2877", "2", "2"]


def test_table_1_stands_alone_too_and_other_folders_are_refused(tmp_path: Path, capsys) -> None:
    assert main(["du2mce_1"]) == 0
    assert "--posts takes corpora of timelines and prepared folders" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["du2mce_1", "--posts", str(tmp_path)])
    assert "neither a corpus of timelines (corpus.json) nor a prepared data set" in capsys.readouterr().err


def interests_stage(folder: Path, macro: float) -> Path:
    """A finished stage of twelve users."""
    folder.mkdir()
    metrics = {"test": {"joint": None}, "interests": {"macro_f1": macro, "micro_f1": macro + 0.1, "shoes": macro}}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    facts = {"name": "simulated_timelines", "simulated": True, "classes": [], "kind": "ranks"}
    (folder / "dataset.json").write_text(json.dumps(facts))
    pq.write_table(pa.table({"part": ["interests"] * 12, "id": list("abcdefghijkl")}), folder / "predictions.parquet")
    return folder


def test_table_3_has_the_papers_scores_in_percent_and_constant_answers_as_rows(tmp_path: Path) -> None:
    table = load_table("du2mce_3")
    published = {row.name: row.published["du2mce_interests"].values["macro_f1"] for row in table.rows}
    names = ["Random", "Avg-Text", "Avg-Image", "Text-User pair", "Image-User pair", "All modality pairs"]
    assert published == dict(zip(names, [0, 40, 45, 47, 49, 52], strict=True))
    scores = {"Random": 0.0, "Avg-Text": 0.5, "All modality pairs": 0.75, "All positive": 0.625}
    folders = {(row, 0): interests_stage(tmp_path / row, score) for row, score in scores.items()}
    text = markdown(compare(table, {"du2mce_interests": folders}))
    theirs, ours = text.split("ours, not comparable")
    assert "Ours: 12 interests users of simulated_timelines; published: 2,877. base: linear SVM a group" in ours
    lines = [[cell.strip() for cell in line.split("|")[2:5]] for line in ours.splitlines() if line.startswith("| sim")]
    found = {name.split(" [")[0]: (macro, micro) for name, macro, micro in lines}
    assert found == {row: (f"{100 * score:.2f}", f"{100 * score + 10:.2f}") for row, score in scores.items()}
    assert "All positive" not in theirs
    assert "0.545 in the mean" in text


def test_all_positive_is_as_good_as_the_footnote_says() -> None:
    """F1 of answering yes to all: precision is the group's share of the users, recall 1."""
    shares = [count / 2877 for count in (739, 881, 1758)]
    scores = [2 * share / (share + 1) for share in shares]
    note = load_table("du2mce_3").footnotes["positive"]
    assert all(f"{score:.3f}" in note for score in (*scores, sum(scores) / 3))
