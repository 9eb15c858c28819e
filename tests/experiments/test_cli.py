"""Mirrors experiments/cli.py and experiments/settings.py: every experiment file, precedence, mistyped options."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from experiments import names
from experiments.runs import plan
from experiments.settings import checkpoint_overrides, merge, merged_file, resolve
from experiments.tables import table_names

EXPERIMENTS = sorted(names.experiments())
BOTH = ("benchmark", "corpus")
PROFILES: list[str | None] = [None, *names.profiles()]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_file_parses_with_every_profile(experiment: str, profile: str | None, tmp_path: Path) -> None:
    settings = resolve(experiment, profile, [], tmp_path)
    assert settings["plan"] == f"experiments.{experiment.split('_', maxsplit=1)[0]}.plan"
    assert settings["table"] in table_names()
    again = next((tmp_path / ".settings").glob("*.json"))
    assert json.loads(again.read_text()) == settings, "kept, so that the next plan needs no import"


def test_precedence_is_experiment_profile_file_command_line(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("trainer: {max_epochs: 7}\nmodel: {init_args: {lr: 0.5}}\n")
    lr = [
        resolve("cast_msd", None, [], tmp_path),
        resolve("cast_msd", "demo", [], tmp_path),
        resolve("cast_msd", "demo", [f"--config={mine}"], tmp_path),
        resolve("cast_msd", "demo", [f"--config={mine}", "--model.lr=0.25"], tmp_path),
    ]
    assert [at["model"]["init_args"]["lr"] for at in lr] == [1e-5, 1e-3, 0.5, 0.25]
    assert [at["trainer"]["max_epochs"] for at in lr] == [10, 10, 7, 7]


def test_a_file_stands_below_single_settings_wherever_it_is_written(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("model: {init_args: {lr: 0.5}}\n")
    for words in (["--model.lr=0.25", "--config", str(mine)], [f"--config={mine}", "--model.lr=0.25"]):
        assert resolve("cast_msd", "demo", words, tmp_path)["model"]["init_args"]["lr"] == 0.25


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        ("--data.use_comments=false", "--model.comments"),
        ("--data.seed=5", "--seeds"),
        ("--data.num_comments=9", "--protocol.retrieval.num_comments"),
        ("--data.unlabelled_posts=40", "--protocol.retrieval.posts"),
        ("--protocol.index.distance=l2_squared", "--protocol.retrieval.distance"),
    ],
)
def test_settings_that_would_be_ignored_are_refused(word: str, instead: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=instead):
        plan("cast_msd", "demo", [word], 0, tmp_path)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({"sarcasm": ["no", "yes"]}, r"no split 'paper'; use --data\.protocol with one of: random"),
        ({"mood": ["no", "yes"]}, r"no task 'sarcasm'; use --data\.task with one of: mood"),
        ({"sarcasm": ["a", "b", "c"]}, r"sarcasm has 3 classes, not 2; use --model\.average=weighted"),
        (None, "no prepared data set"),
    ],
)
def test_posts_that_dont_fit_are_refused_before_anything_runs(
    tasks: dict[str, list[str]] | None, message: str, tmp_path: Path
) -> None:
    (tmp_path / "posts" / "splits").mkdir(parents=True)
    (tmp_path / "posts" / "splits" / "random.parquet").touch()
    if tasks is not None:
        (tmp_path / "posts" / "dataset.json").write_text(json.dumps({"tasks": tasks}))
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        plan("cast_msd", "demo", [f"--protocol.{name}={tmp_path / 'posts'}" for name in BOTH], 0, tmp_path)


@pytest.mark.parametrize(("given", "missing"), [BOTH, BOTH[::-1]])
def test_simulated_posts_and_ones_own_dont_mix(given: str, missing: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"give --protocol.{missing} as well"):
        plan("cast_mvsa", "demo", [f"--protocol.{given}={tmp_path}"], 0, tmp_path)


def test_a_checkpoint_brings_no_paths(tmp_path: Path) -> None:
    encoder = {"class_path": "encoders.TextEncoder", "init_args": {"weights": "/there/text", "layers": 2}}
    torch.save({"hyper_parameters": {"text_encoder": encoder}, "state_dict": {}}, tmp_path / "best.ckpt")
    assert checkpoint_overrides(tmp_path / "best.ckpt") == [
        "--model.init_args.text_encoder.class_path=encoders.TextEncoder",
        "--model.init_args.text_encoder.init_args.layers=2",
    ]


def test_a_checkpoint_stands_between_profile_and_command_line(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    torch.save({"hyper_parameters": {"lr": 0.125, "kl_weight": 3.0, "_class_path": "x"}, "state_dict": {}}, path)
    own = checkpoint_overrides(path)
    settings = resolve("cast_msd", "demo", [*own, "--model.lr=0.25"], tmp_path)["model"]["init_args"]
    assert (settings["lr"], settings["kl_weight"]) == (0.25, 3.0)


def test_a_poisoned_checkpoint_is_refused_by_name_and_not_run(tmp_path: Path) -> None:
    class Poison:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "harm",))

    torch.save({"hyper_parameters": Poison()}, tmp_path / "poison.ckpt")
    with pytest.raises(ValueError, match=r"poison\.ckpt"):
        checkpoint_overrides(tmp_path / "poison.ckpt")
    assert not (tmp_path / "harm").exists()


def test_yaml_that_builds_objects_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "evil.yaml"
    bad.write_text(f"x: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'harm'}]\n")
    monkeypatch.setattr("experiments.settings.config_files", lambda experiment, profile: [bad])
    with pytest.raises(SystemExit, match=r"evil\.yaml"):
        merged_file("evil", None, tmp_path)
    assert not (tmp_path / "harm").exists()


def test_a_hostile_file_of_the_command_lines_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_text(f"x: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'harm'}]\n")
    for words in (["--config", str(tmp_path / "evil.yaml")], [f"--config={tmp_path / 'evil.yaml'}"]):
        with pytest.raises(SystemExit, match=r"evil\.yaml: not plain YAML"):
            resolve("cast_msd", "demo", words, tmp_path)
    assert not (tmp_path / "harm").exists()


def test_a_checkpoint_that_names_others_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    as_words = ("evil.Encoder", '{"class_path": "evil.Encoder"}', "class_path: evil.Encoder")
    for encoder in ({"class_path": "evil.Encoder", "init_args": {}}, *as_words):
        torch.save({"hyper_parameters": {"text_encoder": encoder}, "state_dict": {}}, path)
        with pytest.raises(ValueError, match=r"best\.ckpt: names .*evil\.Encoder"):
            checkpoint_overrides(path)
    torch.save({"hyper_parameters": {"text_encoder": {"class_path": "mine.Encoder"}}, "state_dict": {}}, path)
    assert checkpoint_overrides(path, known=["mine.Encoder"]) == [
        "--model.init_args.text_encoder.class_path=mine.Encoder"
    ]


def test_layers_are_those_of_the_official_code(tmp_path: Path) -> None:
    found = {name: resolve(name, "paper", [], tmp_path)["model"]["init_args"] for name in ("cast_msd", "cast_mvsa")}
    layers = {name: model["text_encoder"]["init_args"]["layers"] for name, model in found.items()}
    assert layers == {"cast_msd": 9, "cast_mvsa": 6}


@pytest.mark.parametrize(
    ("option", "near"),
    [
        ("--model.init_args.lrr=1", "lr"),
        ("--data.batchsize=1", "batch_size"),
        ("--model.class_path=lightning_modules.CommentAwareClassifer", "CommentAwareClassifier"),
        ("--trainer.max_epoch=3", "max_epochs"),
    ],
)
def test_mistyped_options_are_answered(
    option: str, near: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        resolve("cast_msd", "demo", [option], tmp_path)
    assert stopped.value.code == 2
    assert near in capsys.readouterr().err.split("Did you mean")[-1]


def test_another_class_drops_the_arguments_of_the_one_it_replaces() -> None:
    under = {"class_path": "a.A", "init_args": {"width": 1}}
    assert merge(under, {"init_args": {"depth": 2}})["init_args"] == {"width": 1, "depth": 2}
    assert merge(under, {"class_path": "a.B", "init_args": {"depth": 2}})["init_args"] == {"depth": 2}
