"""Mirrors experiments/pins_tables.py, pins_words.py, pins_pages.py and pins_results.py, on stages that are made up."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from datamodules.posts import SCHEMA, VERSION, Posts
from encoders.embeddings import Embeddings
from experiments.finished import settings_above
from experiments.pins_pages import draw_pins
from experiments.pins_results import row_embeddings, triplet_file
from experiments.pins_words import common_accuracy
from experiments.table import main

Runs = Callable[..., dict[tuple[str, int], Path]]
TRIPLETS = [("red fox", "grey wolf", "tall ship"), ("tall ship", "sea", "grey wolf"), ("sea", "fox", "unheard of")]
TRIPLETS = TRIPLETS * 30  # so that they are not too few
WORDS = ["fox", "wolf", "ship", "sea", "red", "grey", "tall", "the"]
PUBLISHED = ("Word2Vec-GoogleNews", "GloVe-Twitter")  # their files are not named


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_plan(folder: Path, settings: dict, **inputs: str) -> Path:
    """What a finished stage says of itself; the inputs' paths are of a store that has moved since."""
    plan = {"settings": settings, "inputs": {role: f"elsewhere/{name}" for role, name in inputs.items()}}
    write_json(folder / "stage.json", plan | {"files": {}, "free": {}})
    return folder


def write_store(store: Path) -> None:
    """Posts, sentences, clicks and triplets that all rows share."""
    rows = [{"id": f"p/{n}", "media": [medium(n)]} for n in range(8)]
    (store / "pins-1" / "posts" / "posts").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), store / "pins-1" / "posts" / "posts" / "part-00000.parquet")
    facts = {"version": VERSION, "name": "simulated_pins", "media_root": str(store / "media"), "tasks": {}}
    write_json(store / "pins-1" / "posts" / "dataset.json", facts)
    write_plan(store / "pins-1", {})
    (store / "media").mkdir()
    Image.new("RGB", (20, 20), "green").save(store / "media" / "0.jpg")
    write_plan(store / "sentences-1", {"posts": "{pins}"}, pins="pins-1")
    write_plan(store / "network-1", {})
    log = {"query": "red foxes", "item": "0.jpg", "annotations": ["grey wolf", "fox", "cubs", "den"], "clicks": 3}
    write_json(store / "network-1" / "clicks.jsonl", log)
    rules = {"top": 10, "min_clicks": 1, "negatives": "distinct", "seed": 0}
    write_plan(store / "clicked-1", {"clicks": "{network}/clicks.jsonl"} | rules, network="network-1")
    (store / "clicked-1" / "raw.tsv").write_text("".join("\t".join(each) + "\n" for each in TRIPLETS))


def medium(number: int) -> dict:
    return {"path": f"{number}.jpg", "kind": "image", "descriptions": [f"text {number}", "again"][: 1 + number % 2]}


def write_row(store: Path, row: str, seed: int) -> Path:
    """A row's embeddings and scores: the first of three triplets is right, by model A the second too."""
    name = f"{row.replace(' ', '_')}_{seed}"
    known = row not in PUBLISHED
    if known:
        embed = write_plan(store / f"embed-{name}", {}, sentences="sentences-1")
        Embeddings(WORDS, np.random.default_rng(seed).normal(size=(8, 4))).save(embed)
    triplets = {"voted": "{clicked}/raw.tsv"}
    settings = {"embeddings": "{embeddings}" if known else None, "triplets": triplets, "similarity": None}
    inputs = {"clicked": "clicked-1"} | ({"embeddings": f"embed-{name}"} if known else {})
    folder = write_plan(store / f"scores-{name}", settings, **inputs)
    right = [[1, int(row == "Model A"), 0][n % 3] * known for n in range(90)]
    present = [["words"] * (known and n % 3 < 2) for n in range(90)]
    columns = {"id": [str(n) for n in range(90)], "part": ["voted"] * 90, "predicted": right, "present": present}
    schema = pa.schema({"id": pa.string(), "part": pa.string(), "predicted": pa.int64()})
    table = pa.table(columns, schema.append(pa.field("present", pa.list_(pa.string()))))
    pq.write_table(table, folder / "predictions.parquet")
    accuracy = sum(right) / 90
    metrics = {"accuracy": accuracy if known else None, "coverage": 2 / 3 if known else None, "triplets": 90}
    write_json(folder / "metrics.json", {"voted": metrics})
    counts = {"phrases": 8, "known_phrases": 6, "words": 12, "known_words": 9}
    facts = {"name": "simulated_pins", "simulated": True, "classes": ["wrong", "right"], "known": {"voted": counts}}
    facts |= {"lambda": seed / 10} if row in ("Model B", "Model C") else {}
    write_json(folder / "dataset.json", facts | ({"dim": 4, "words": 8} if known else {}))
    found = {"rho": 0.4 + 0.2 * seed, "low": 0.3, "high": 0.5, "pairs": 353, "covered": 120} if known else None
    few = {"rho": None, "low": None, "high": None, "pairs": 30, "covered": 7 if known else 0}
    sets = {"WS-353-REL": (found or few | {"pairs": 353}) | {"kind": "related"}, "MC-30": few | {"kind": "similar"}}
    write_json(folder / "similarity.json", sets)
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Stands in for `run_rows`."""

    def run(
        experiment: str, rows: Mapping[str, list[str]], seeds: Sequence[int], **how: object
    ) -> dict[tuple[str, int], Path]:
        if how["dry_run"]:
            return {}
        write_store(tmp_path / "store")
        return {(row, seed): write_row(tmp_path / "store", row, seed) for row in rows for seed in seeds}

    return run


def cells(text: str, start: str) -> list[list[str]]:
    """Cells of the table lines whose first cell is this."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [line for line in lines if line[0] == start]


def test_table_1_stands_beside_counts_of_posts_and_of_corpora(tmp_path: Path, capsys) -> None:
    write_store(tmp_path)
    parts = {"train": {"sentences": 70, "words": 900}, "test": {"sentences": 7, "words": 90}}
    info = {"version": 1, "settings": {"posts": "flickr"}, "pictures": 12, "parts": parts}
    write_json(tmp_path / "corpus" / "corpus.json", info | {"unique_words": {"1": 1234, "3": 40, "50": 5}})
    assert main(["pins_1", "--posts", str(tmp_path / "pins-1" / "posts"), str(tmp_path / "corpus")]) == 0
    text = capsys.readouterr().out
    assert cells(text, "Pinterest40M [a][b][c]") == [["Pinterest40M [a][b][c]", "40M", "300M", "335,323", "50"]]
    assert cells(text, "MS COCO") == [["MS COCO", "200K", "1M", "10,232", "3"]]
    assert cells(text, "flickr") == [["flickr", "cleaned", "12", "77", "990", "1,234", "40", "5"]]
    # "text n" of 8 pictures, "again" of 4
    assert cells(text, "simulated_pins") == [["simulated_pins", "as written", "8", "12", "20", "10", "2", "0"]]
    assert 'The table prints "Pinterset40M"' in text
    with pytest.raises(SystemExit):
        main(["pins_1", "--posts", str(tmp_path / "media")])
    assert "media: neither a prepared data set (dataset.json) nor a corpus" in capsys.readouterr().err


def test_table_2_has_the_papers_triplets_and_ours_with_both_rows_answers(runs: Runs, capsys) -> None:
    assert main(["pins_2", "--experiments", "pins"], run=runs) == 0
    published, ours = capsys.readouterr().out.split("## voted (pins): ours")
    assert published.count("\n| ") == 11 + 2
    assert cells(published, "karting") == [["karting", "go carts", "office waiting area"]]
    lines = cells(ours, "simulated_pins")
    assert len(lines) == 11
    said = {"red fox": ["right", "right"], "tall ship": ["wrong", "right"], "sea": ["wrong", "wrong"]}
    assert all(line[4:] == said[line[1]] for line in lines)
    assert "simulated posts of our own" in ours
    assert "| Pure text RNN | Model A |" in ours


def test_rows_are_compared_on_the_triplets_that_all_of_them_cover(runs: Runs, capsys, tmp_path: Path) -> None:
    assert main(["pins_words", "--experiments", "pins", "--seeds", "2"], run=runs) == 0
    text = capsys.readouterr().out
    # 30 of 90 are right, of 60 covered ones 30; by model A 60
    shares = ["4", "8", "75.0", "75.0", "66.7"]
    assert cells(text, "Model B with weight sharing")[0][1:] == [*shares, "33.33 ± 0.00", "50.00 ± 0.00"]
    assert cells(text, "Model A")[0][1:] == [*shares, "66.67 ± 0.00", "100.00 ± 0.00"]
    assert cells(text, "GloVe-Twitter")[0][1:] == ["n/a"] * 7
    assert "60 of 90 triplets are covered by all 9 rows with vectors." in text
    assert "Chosen lambda, by seed: Model B 0, 0.1; Model C 0, 0.1." in text
    store = tmp_path / "store"
    folders = {"one": [store / "scores-Model_A_0"], "none": [store / "scores-GloVe-Twitter_0"]}
    common, accuracy = common_accuracy(folders, "voted")
    assert not common.any(), "a row without vectors covers nothing"
    assert np.isnan(accuracy["one"]).all()
    (store / "other-1").mkdir()
    (store / "other-1" / "raw.tsv").write_text("\t".join(TRIPLETS[0]) + "\n")
    write_plan(store / "scores-Model_A_1", {"triplets": {"voted": "{other}/raw.tsv"}}, other="other-1")
    with pytest.raises(ValueError, match="voted: rows or seeds were scored on different triplets"):
        common_accuracy({"one": [store / "scores-Model_A_0", store / "scores-Model_A_1"]}, "voted")


def test_similar_and_related_sets_stand_apart_with_intervals(runs: Runs, capsys) -> None:
    assert main(["pins_words", "--experiments", "pins", "--seeds", "2"], run=runs) == 0
    similar, related = capsys.readouterr().out.split("## similar words")[1].split("## related words")
    assert cells(similar, "MC-30") == [["MC-30", "all rows", "too few", "–", "7 of 30"]]
    lines = {line[1]: line[2:] for line in cells(related, "WS-353-REL")}
    assert lines["Model A"] == ["0.500 ± 0.141", "[0.300, 0.500]", "120 of 353"]
    assert lines["Word2Vec-GoogleNews"] == ["n/a"] * 3
    assert "95 % (seed 0)" in related


def test_neighbours_stand_side_by_side_and_unknown_words_are_named(runs: Runs, capsys, tmp_path: Path) -> None:
    assert main(["pins_neighbours", "--experiments", "pins"], run=runs) == 0
    assert "Left out, unknown: wedding, muffins" in capsys.readouterr().out
    embeddings = row_embeddings(tmp_path / "store" / "scores-Model_A_0")
    assert embeddings is not None
    assert embeddings.words == WORDS
    assert settings_above(tmp_path / "store" / "scores-Model_A_0", "sentences")["posts"].endswith("pins-1/posts")
    with pytest.raises(ValueError, match="no triplets 'gold'; there are voted"):
        triplet_file(tmp_path / "store" / "scores-Model_A_0", "gold")
    with pytest.raises(ValueError, match="no stage 'skipgram' is among those"):
        settings_above(tmp_path / "store" / "scores-Model_A_0", "skipgram")


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        ("pins_fig1", ["simulated_pins"]),
        ("pins_fig2", ["pins"]),
        ("pins_fig5", ["pins-model_a", "pins-model_a_content", "pins-text_content"]),
    ],
)
def test_figures_are_pages_with_pictures_beside_them(
    name: str, pictures: list[str], runs: Runs, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "page" / "figure.md"
    assert main([name, "--experiments", "pins", "--out", str(out)], run=runs) == 0
    assert {path.stem for path in out.parent.glob("*.png")} == {f"figure-{key}" for key in pictures}
    assert all(f"figure-{key}.png" in out.read_text() for key in pictures)


def test_figure_2_says_which_annotations_are_struck_out(runs: Runs, tmp_path: Path) -> None:
    out = tmp_path / "page.md"
    assert main(["pins_fig2", "--out", str(out)], run=runs) == 0
    lines = {phrase: cells(out.read_text(), phrase)[0][1:] for phrase in ("fox", "grey wolf")}
    assert lines == {"fox": ["no", "3"], "grey wolf": ["yes", "3"]}


def test_a_dry_run_prints_nothing_and_a_page_wants_a_place(runs: Runs, capsys) -> None:
    for name in ("pins_2", "pins_words", "pins_neighbours", "pins_fig1", "pins_fig2", "pins_fig5"):
        assert main([name, "--dry_run"], run=runs) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(SystemExit):
        main(["pins_fig5", "--experiments", "pins"], run=runs)
    assert "say where it goes" in capsys.readouterr().err


def test_pictures_are_drawn_among_those_with_enough_descriptions(tmp_path: Path) -> None:
    write_store(tmp_path)
    posts = Posts(tmp_path / "pins-1" / "posts")
    drawn = [pin.picture.name for pin in draw_pins(posts, 6, least=2, seed=0)]
    assert sorted(drawn) == ["1.jpg", "3.jpg", "5.jpg", "7.jpg"]
    assert [pin.picture.name for pin in draw_pins(posts, 2, least=2, seed=0)] == drawn[:2]
    assert [pin.picture.name for pin in draw_pins(posts, 6, least=2, seed=1)] != drawn
    with pytest.raises(ValueError, match="no picture has 3 descriptions"):
        draw_pins(posts, 6, least=3, seed=0)
