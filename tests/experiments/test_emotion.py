"""Mirrors experiments/emotion.py: which stages a row has, and what rows share. Nothing is trained."""

from pathlib import Path
from typing import Any

import pytest

from experiments.runs import plan, table_rows
from experiments.stages import Stage, ordered
from experiments.tables import load_table

ROWS = {row.name: row.overrides for row in (*load_table("emotion_4").rows, *load_table("emotion_4").controls)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def planned(store: Path, *words: str, experiment: str = "emotion_reddit", seed: int = 0) -> list[Stage]:
    return plan(experiment, "demo", words, seed, store)


def model(stage: Stage) -> dict[str, Any]:
    arguments: dict[str, Any] = stage.settings["model"]["init_args"]
    return arguments


def test_the_defaults_are_common_space_fusion_with_table_3(store: Path) -> None:
    (stage,) = plan("emotion_flickr", "paper", [], 0, store)
    found, data = model(stage), stage.settings["data"]["init_args"]
    assert found["fusion"] == {
        "class_path": "lightning_modules.Pooling",
        "init_args": {"pooling": "max", "space": None},
    }
    assert (found["auxiliary"]["init_args"]["main_weight"], found["hidden_size"], found["lr"]) == (3, 100, 0.01)
    assert (data["negatives"], data["batch_size"]) == (4, 32)
    assert stage.inputs["words"].settings["size"] == 200
    assert stage.inputs["benchmark_pictures"].settings["encoder"]["name"] == "inception_v3.tv_in1k"


def test_a_classifier_of_one_modality_reads_and_makes_nothing_of_the_other(store: Path) -> None:
    for name, other, needed in (("image", "text", "words"), ("text", "image", "benchmark_pictures")):
        (stage,) = planned(store, f"--data.modalities=[{name}]", *ROWS["Image-based classifier"][1:])
        assert list(model(stage)["encoders"]) == [name]
        assert other not in model(stage)["encoders"]
        assert needed not in {before.name for before in ordered([stage])}
        assert stage.settings["data"]["init_args"]["negatives"] == 0


def test_late_fusion_multiplies_the_very_classifiers_of_the_other_rows(store: Path) -> None:
    image, text, late = planned(store, *ROWS["Late fusion"])
    assert (late.inputs["image"], late.inputs["text"]) == (image, text)
    assert planned(store, *ROWS["Image-based classifier"]) == [image]
    assert planned(store, *ROWS["Text-based classifier"]) == [text]
    own = planned(store, *ROWS["Late fusion with our own text network"])
    assert own[0] == image
    assert own[1:2] == planned(store, *ROWS["Text-based classifier, our own network"])


def test_rows_share_pictures_and_words_and_negatives_count_only_with_the_auxiliary_task(store: Path) -> None:
    stages = {name: planned(store, *words)[-1] for name, words in ROWS.items()}
    (joint,) = planned(store, *ROWS["Joint fusion"], "--data.negatives=7")
    assert joint.fingerprint == stages["Joint fusion"].fingerprint
    (common,) = planned(store, "--data.negatives=7")
    assert common.fingerprint != stages["Common space fusion"].fingerprint
    names = [stage.name for stage in ordered(list(stages.values()))]
    assert names.count("benchmark_pictures") == names.count("words") == names.count("fasttext") == 1
    assert names.count("classifier") == 5


def test_the_network_follows_the_seed_where_claims_ask_for_it(store: Path) -> None:
    words = ("--protocol.network_follows_seed=true",)
    first, second = (planned(store, *words, seed=seed)[0].inputs["benchmark_pictures"] for seed in (0, 1))
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data.seed=3"], "data.seed is set by the plan; use --seeds"),
        (["--data.modalities=[text, sound]"], "data.modalities has sound, model.encoders has image, text"),
        (["--protocol.benchmark=nowhere"], "nowhere/dataset.json: no prepared data set"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(words: list[str], message: str, store: Path) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        planned(store, *words)


def test_every_row_of_the_table_is_a_plan_in_every_experiment(store: Path) -> None:
    table, rows = table_rows("emotion_4", None)
    for experiment in table.experiments:
        for words in rows.values():
            assert planned(store, *words, experiment=experiment)
