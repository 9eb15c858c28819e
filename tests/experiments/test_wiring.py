"""Mirrors experiments/wiring.py: which folders and weights a stage's settings name. test_stages.py has the rest."""

from pathlib import Path

import pytest

from experiments.stages import Stage
from experiments.wiring import filled, roles_in, split_trainer, wired


def encoding(weights: str) -> Stage:
    return wired("image", "encode:image", {"encoder": {"name": "resnet", "weights": weights}}, {})


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights"
    path.mkdir()
    (path / "model.safetensors").write_text("one")
    return path


def test_local_weights_count_by_content(weights: Path) -> None:
    before = encoding(str(weights)).fingerprint
    (weights / "model.safetensors").write_text("two!")
    assert encoding(str(weights)).fingerprint != before


def test_weights_count_by_content_alone_wherever_they_lie(weights: Path) -> None:
    before = encoding(str(weights)).fingerprint
    moved = weights.rename(weights.with_name("moved"))
    after = encoding(str(moved))
    assert after.fingerprint == before
    folders = {role: Path(path) for role, path in after.files.items()}
    assert filled(after.settings, folders)["encoder"]["weights"] == str(moved)


def test_a_local_tokenizer_counts_as_weights_do(weights: Path) -> None:
    stage = wired("teacher", "train:teacher", {"data": {"tokenizer": str(weights)}, "weights": str(weights)}, {})
    assert list(stage.files.values()) == [str(weights)]


@pytest.mark.parametrize("name", ["bert-base-uncased", ""])
def test_weights_that_are_only_a_name_are_no_file(name: str) -> None:
    assert encoding(name).files == {}


def test_weights_in_the_home_folder_are_found(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(weights.parent))
    assert encoding("~/weights").files == {"weights0": str(weights)}


def test_weights_are_found_however_deep_they_are_named(weights: Path) -> None:
    settings = {"model": {"init_args": {"text_encoder": {"init_args": {"weights": str(weights)}}}}}
    assert list(wired("teacher", "train:teacher", settings, {}).files.values()) == [str(weights)]


def test_weights_that_a_stage_makes_are_its_input_not_a_file() -> None:
    made = Stage("pretrain", "toys:run")
    stage = wired("image", "encode:image", {"encoder": {"weights": "{pretrain}/image"}}, {"pretrain": made})
    assert (stage.inputs, stage.files) == ({"pretrain": made}, {})


def test_inputs_that_no_setting_names_are_inputs_too() -> None:
    before = Stage("teacher", "toys:run")
    assert wired("student_1", "train:student", {"lr": 1}, {}, inputs={"teacher": before}).inputs == {"teacher": before}


def test_a_role_is_read_at_the_start_of_a_word_only() -> None:
    assert roles_in({"a": "x{one}", "b": ["{two}", 3, None]}) == {"two"}


def test_what_is_filled_in_is_a_copy() -> None:
    settings = {"data": {"posts": "{posts}"}}
    assert filled(settings, {"posts": Path("p")}) == {"data": {"posts": "p"}}
    assert settings == {"data": {"posts": "{posts}"}}


@pytest.mark.parametrize("key", ["devices", "accelerator", "strategy", "num_nodes", "logger", "enable_progress_bar"])
def test_no_result_depends_on_where_and_how_loud_it_is_trained(key: str) -> None:
    assert split_trainer({key: 2}) == ({}, {key: 2})


@pytest.mark.parametrize(
    "key", ["precision", "max_epochs", "gradient_clip_val", "limit_train_batches", "deterministic"]
)
def test_results_depend_on_everything_else(key: str) -> None:
    assert split_trainer({key: 2}) == ({key: 2}, {})
