"""Mirrors experiments/pins.py: which stages a row has, and what rows share. Nothing is trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.runs import plan, table_rows
from experiments.stages import Stage, ordered
from experiments.tables import load_table

TABLE = load_table("pins_3")
ROWS = {row.name: row.overrides for row in (*TABLE.rows, *TABLE.controls)}
TEXT = ["Pure text RNN", "Pure text RNN without weight sharing"]
CHOSEN = [f"Model {letter}{tail}" for letter in "BC" for tail in ("", " with weight sharing")]
PICTURES = {"pictures", "bits", "pretrain"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def planned(store: Path, *words: str, experiment: str = "pins", seed: int = 0) -> list[Stage]:
    return plan(experiment, "demo", words, seed, store)


def names(stages: list[Stage]) -> set[str]:
    return {stage.name for stage in ordered(stages)}


def model(stage: Stage) -> dict[str, Any]:
    arguments: dict[str, Any] = stage.settings["model"]["init_args"]
    return arguments


def trained(stages: list[Stage]) -> list[Stage]:
    return [stage for stage in ordered(stages) if stage.function.endswith("embed:embed")]


def test_the_defaults_are_model_a_with_section_4_and_5(store: Path) -> None:
    embed, scores = plan("pins", "paper", [], 0, store)
    found, data, trainer = model(embed), embed.settings["data"]["init_args"], embed.settings["trainer"]
    assert found["visual"]["class_path"] == "lightning_modules.InitialState"
    sizes = ("embedding_size", "state_size", "picture_size", "negatives", "lr", "tie_weights")
    assert [found[name] for name in sizes] == [128, 512, 4096, 1024, 1.0, True]
    assert (data["batch_size"], trainer["gradient_clip_val"], trainer["gradient_clip_algorithm"]) == (256, 10, "norm")
    assert embed.settings["early_stop"] == {"monitor": "val/loss", "mode": "min", "patience": 1}
    sentences = embed.inputs["sentences"].settings
    assert (sentences["validation_images"], sentences["split"], sentences["cleaning"]["min_words"]) == (10_000, None, 4)
    assert sentences["vocabulary"]["min_count"] == 50
    encoder = embed.inputs["bits"].settings["encoder"]
    assert (encoder["name"], encoder["side"], encoder["resize"]) == ("vgg16.tv_in1k", 224, "squash")
    assert list(scores.settings["triplets"]) == ["voted", "raw"]
    assert scores.settings["simulated"]


def test_text_only_rows_do_not_depend_on_pictures(store: Path) -> None:
    for row in TEXT:
        stages = planned(store, *ROWS[row])
        assert not names(stages) & PICTURES
        assert stages[0].settings["data"]["init_args"]["pictures"] is None
        for word in ("--protocol.threshold=zero", "--protocol.image.side=32", "--protocol.weights=[0.5]"):
            assert planned(store, word, *ROWS[row]) == stages, word
    with_pictures = planned(store, "--protocol.image.side=32"), planned(store)
    assert with_pictures[0][0].fingerprint != with_pictures[1][0].fingerprint


def test_all_rows_share_sentences_triplets_and_pictures(store: Path) -> None:
    stages = [planned(store, *words)[-1] for words in ROWS.values()]
    found = [stage.name for stage in ordered(stages)]
    for name in ("network", "pins", "sentences", "clicked", "voted", "pretrain", "pictures", "bits", "held_out"):
        assert found.count(name) == 1, name
    assert (found.count("embed"), found.count("chosen"), found.count("skipgram")) == (4, 4, 1)
    assert sum(name.startswith("embed_") for name in found) == 12
    assert len({stage.fingerprint for stage in stages}) == len(ROWS) - 1, "both published rows have no file here"


@pytest.mark.parametrize("row", CHOSEN)
def test_models_b_and_c_have_three_candidates_for_lambda_of_which_one_is_chosen(row: str, store: Path) -> None:
    stages = planned(store, *ROWS[row])
    candidates, chosen = trained(stages), stages[-2]
    weights = {stage.name: model(stage)["visual"]["init_args"]["weight"] for stage in candidates}
    assert weights == {"embed_0.01": 0.01, "embed_0.1": 0.1, "embed_1.0": 1.0}
    assert set(chosen.settings["candidates"]) == {"0.01", "0.1", "1.0"}
    read = {f"{{{name}}}": stage for name, stage in chosen.inputs.items()}
    for weight, role in chosen.settings["candidates"].items():
        assert model(read[role])["visual"]["init_args"]["weight"] == float(weight)
    assert chosen.inputs["held_out"].settings["part"] == "validation"
    assert stages[-1].inputs["embeddings"] == chosen
    same = [
        {**stage.settings, "model": model(stage) | {"visual": model(stage)["visual"]["class_path"]}}
        for stage in candidates
    ]
    assert same[0] == same[1] == same[2]


def test_model_a_has_no_lambda_and_one_weight_needs_no_choice(store: Path) -> None:
    assert [stage.name for stage in trained(planned(store))] == ["embed"]
    assert planned(store, "--protocol.weights=[0.5]") == planned(store)
    words = ROWS["Model C"]
    (only,) = trained(planned(store, "--protocol.weights=[0.5]", *words))
    assert (only.name, model(only)["visual"]["init_args"]["weight"]) == ("embed", 0.5)
    (own,) = trained(planned(store, "--protocol.weights=null", *words, "--model.visual.weight=7"))
    assert model(own)["visual"]["init_args"]["weight"] == 7


def test_published_embeddings_without_a_file_are_scored_as_nothing(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("snow 1 2\n")
    for row in ("Word2Vec-GoogleNews", "GloVe-Twitter"):
        (scores,) = planned(store, *ROWS[row])
        assert scores.settings["embeddings"] is None
        assert not names([scores]) & (PICTURES | {"sentences"})
    (scores,) = planned(store, f'--protocol.vectors={{"glove_twitter": "{path}"}}', *ROWS["GloVe-Twitter"])
    assert scores.settings["embeddings"] == "{published}"
    assert scores.files["published"] == str(path)


def test_skip_gram_learns_from_the_same_sentences_and_no_pictures(store: Path) -> None:
    stages = planned(store, *ROWS["Skip-gram on the same sentences"])
    assert [stage.name for stage in stages] == ["skipgram", "scores"]
    assert stages[0].inputs["sentences"] == planned(store)[0].inputs["sentences"]
    assert not names(stages) & PICTURES


def test_triplets_of_ones_own_replace_clicks(store: Path, tmp_path: Path) -> None:
    for part in ("raw", "voted"):
        (tmp_path / f"{part}.tsv").write_text("snow\tice\tsea\n")
    own = f'{{"raw": "{tmp_path}/raw.tsv", "voted": "{tmp_path}/voted.tsv"}}'
    (embed, scores) = planned(store, f"--protocol.triplets={own}")
    assert not names([embed, scores]) & {"clicked", "voted"}
    assert scores.settings["triplets"] == {"raw": "{triplets_raw}", "voted": "{triplets_voted}"}
    assert scores.files["triplets_raw"] == str(tmp_path / "raw.tsv")
    assert embed.fingerprint == planned(store)[0].fingerprint


def test_a_log_of_ones_own_is_voted_on_only_with_votes(store: Path, tmp_path: Path) -> None:
    for name in ("clicks.jsonl", "votes.csv"):
        (tmp_path / name).touch()
    clicks = f"--protocol.clicked.clicks={tmp_path}/clicks.jsonl"
    raw = planned(store, clicks)[-1]
    assert list(raw.settings["triplets"]) == ["raw"]
    assert raw.inputs["clicked"].files["clicks"] == str(tmp_path / "clicks.jsonl")
    both = planned(store, clicks, f"--protocol.clicked.votes={tmp_path}/votes.csv")[-1]
    assert list(both.settings["triplets"]) == ["voted", "raw"]
    assert both.inputs["voted"].settings["meanings"] is None
    assert both.inputs["voted"].files["votes"] == str(tmp_path / "votes.csv")


def test_captions_and_word_similarity_make_further_parts(store: Path, tmp_path: Path) -> None:
    words = ("--protocol.caption_part=test", f"--protocol.similarity={tmp_path}")
    scores = planned(store, *words)[-1]
    assert list(scores.settings["triplets"]) == ["voted", "raw", "captions", "words"]
    assert scores.settings["similarity"] == "{similarity}"
    assert scores.inputs["captions"].settings["part"] == "test"


def test_the_seed_moves_training_and_the_network_only_where_claims_ask(store: Path) -> None:
    first, second = planned(store, seed=0), planned(store, seed=1)
    assert first[0].fingerprint != second[0].fingerprint
    assert first[0].inputs == second[0].inputs
    assert (model(second[0])["seed"], second[0].settings["data"]["init_args"]["seed"]) == (1, 1)
    other = planned(store, "--protocol.network_follows_seed=true", seed=1)
    for name in ("sentences", "bits"):
        assert other[0].inputs[name].fingerprint != first[0].inputs[name].fingerprint


def test_by_the_median_bits_are_made_of_stored_floats(store: Path) -> None:
    bits = planned(store)[0].inputs["bits"]
    assert (bits.settings["threshold"], set(bits.inputs)) == ("median", {"pictures", "sentences"})
    zero = planned(store, "--protocol.threshold=zero")[0].inputs["bits"]
    assert zero.function.endswith("encode:picture_bits")
    assert "pictures" not in zero.inputs


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "dataset.json").write_text(json.dumps({"name": "flickr8k"}))
    return tmp_path / "posts"


def test_pins_of_ones_own_take_the_place_of_the_networks(store: Path, prepared: Path) -> None:
    words = (f"--protocol.pins={prepared}", "--protocol.pretrain=false", "--protocol.image.weights=mine")
    embed, scores = planned(store, *words, experiment="pins_flickr8k")
    assert "network" not in names([embed, scores])
    assert (scores.settings["name"], scores.settings["simulated"]) == ("flickr8k", False)
    assert list(scores.settings["triplets"]) == ["captions"]
    with pytest.raises(ValueError, match=r"nothing to score the embeddings on: give protocol\.triplets"):
        planned(store, *words)
    with pytest.raises(ValueError, match=r"on simulated posts alone: take --profile offline with --protocol\.image\.w"):
        planned(store, words[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data.seed=3"], "data.seed is set by the plan; use --seeds"),
        (["--protocol.pins=nowhere"], "nowhere/dataset.json: no prepared data set"),
        (["--protocol.caption_part=validation"], "caption_part=validation: those descriptions choose lambda; use"),
        ([*ROWS["Model C"], "--model.visual.weight=7"], "weight is chosen by the plan; use --protocol.weights=null"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(words: list[str], message: str, store: Path) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        planned(store, *words)


def test_every_row_of_the_table_is_a_plan_in_every_experiment(store: Path) -> None:
    table, rows = table_rows("pins_3", None)
    for experiment in {table.runs(name) for name in table.experiments}:
        for words in rows.values():
            assert planned(store, *words, experiment=experiment)[-1].name == "scores"
