"""Mirrors experiments/steps/predicting.py, on emotion's networks: views, what does not apply, fine-tuning."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from datamodules.prepare import open_layout, prepare
from datamodules.preparing import Options
from experiments.checkpoints import read_checkpoint
from experiments.tables import SHARES, load_table

ROWS = {row.name: row.overrides for row in load_table("emotion_4").rows}
VIEWS = ("test, image only", "test, text only")


def test_metrics_are_those_of_the_predictions_and_micro_f1_is_accuracy(common: Any) -> None:
    for part, scores in common.scores("classifier").items():
        rows = common.predictions("classifier", part).values()
        assert scores["accuracy"] == pytest.approx(np.mean([row["gold"] == row["predicted"] for row in rows]))
        assert scores["micro_f1"] == scores["accuracy"]
        assert set(scores) == set(SHARES)
    assert set(common.scores("classifier")) == {"validation", "test", *VIEWS}


def test_the_best_epoch_on_validation_accuracy_is_kept(common: Any) -> None:
    fit = json.loads((common.folder("classifier") / "fit.json").read_text())
    assert fit["monitor"] == "val/accuracy"
    assert fit["score"] == pytest.approx(common.scores("classifier")["validation"]["accuracy"])


def test_simulated_posts_say_what_they_are(common: Any) -> None:
    facts = json.loads((common.folder("classifier") / "dataset.json").read_text())
    assert (facts["name"], facts["simulated"]) == ("simulated_reddit_emotion", True)


@pytest.mark.parametrize("row", ["Common space fusion", "Joint fusion", "Late fusion", "Image-based classifier"])
def test_texts_without_any_picture_are_trained_on_and_what_needs_one_is_not_applicable(
    row: str, planned: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "texts_only"
    if not folder.is_dir():
        write_texts(folder)
    words = (f"--protocol.benchmark={folder}", "--data.task=mood", *ROWS[row])
    made = planned(*words, experiment="emotion_reddit")
    last = list(made.stages)[-1]
    made.run(last)
    found = made.scores(last)
    if row == "Image-based classifier":
        assert found["test"]["accuracy"] is None
    else:
        assert found["test"]["accuracy"] is not None
        assert found[VIEWS[0]]["accuracy"] is None
        assert found[VIEWS[1]]["accuracy"] == found["test"]["accuracy"]


def write_texts(folder: Path) -> None:
    parts = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    rows = [
        {"id": f"{number}", "text": ("glad day", "sad night")[number % 2], "split": part}
        | {"labels": {"mood": ("up", "down")[number % 2]}}
        for number, part in enumerate(parts)
    ]
    raw = folder.with_suffix(".jsonl")
    raw.write_text("\n".join(map(json.dumps, rows)))
    prepare(open_layout("wild", raw, Options(language="any")), folder)


def test_the_picture_network_can_be_fine_tuned(planned: Any, weights: Path) -> None:
    words = [
        *(
            "--trainer.limit_train_batches=1",
            "--trainer.max_epochs=1",
            "--data.pixels_of=test_resnet",
            "--data.side=64",
        ),
        *("--model.encoders.image=encoders.ImageEncoder", "--model.encoders.image.name=test_resnet"),
        *(f"--model.encoders.image.weights={weights / 'image'}", "--model.encoders.image.side=64"),
        "--model.encoders.image.trainable=true",
    ]
    made = planned(*words, *ROWS["Joint fusion"], experiment="emotion_reddit")
    assert "benchmark_pictures" not in made.stages
    made.run("classifier")
    tuned = read_checkpoint(made.folder("classifier") / "best.ckpt")["state_dict"]
    before = load_file(weights / "image" / "model.safetensors")
    moved = [name for name in before if not torch.equal(tuned[f"encoders.image.model.{name}"], before[name])]
    assert any("conv" in name for name in moved)
    assert not any("running" in name for name in moved), "batch statistics stay"
