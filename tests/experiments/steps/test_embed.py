"""Mirrors experiments/steps/embed.py, on a small simulated network."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from datamodules.sentences import Corpus
from encoders.embeddings import Embeddings
from experiments.stage import Job, job_of
from experiments.steps.embed import choose, measure_checkpoint
from experiments.tables import load_table

ROWS = {row.name: row.overrides for row in load_table("pins_3").rows}
SLOW = ("--model.lr=0.1",)  # the loss falls in all of a few epochs


@pytest.fixture(scope="module")
def embed(planned: Any) -> Any:
    """Model A, trained."""
    made = planned(*SLOW, experiment="pins")
    made.run("embed")
    return made


def test_the_table_of_the_best_epoch_is_left_without_the_words_that_are_none(embed: Any) -> None:
    folder, corpus = embed.folder("embed"), Corpus(embed.folder("sentences"))
    found, weights = Embeddings.load(folder), torch.load(folder / "best.ckpt")["state_dict"]
    rows = [row for row, word in enumerate(corpus.words) if not word.startswith("<")]
    assert found.words == [corpus.words[row] for row in rows]
    assert len(rows) == len(corpus.words) - 3  # <bos>, <eos>, <unk>
    np.testing.assert_array_equal(found.vectors, weights["table.weight"][rows].numpy())


def test_the_epoch_of_the_smallest_validation_loss_is_the_best(embed: Any) -> None:
    log = next(embed.folder("embed").glob("log/*.csv")).read_text().splitlines()
    at = log[0].split(",").index("val/loss")
    losses = [float(value) for line in log[1:] if (value := line.split(",")[at])]
    facts = json.loads((embed.folder("embed") / "fit.json").read_text())
    assert facts["monitor"] == "val/loss"
    assert facts["score"] == pytest.approx(min(losses), rel=1e-5)
    assert len(losses) == 2


def test_a_training_that_is_gone_on_with_ends_with_the_weights_of_an_undisturbed_one(
    embed: Any, planned: Any, tmp_path: Path
) -> None:
    """What a kill after two of four epochs leaves are the checkpoints of two."""
    whole = planned(*SLOW, "--trainer.max_epochs=4", experiment="pins")
    again = planned.elsewhere(whole, tmp_path / "runs", but=("embed", "scores"))
    shutil.copytree(embed.folder("embed") / "checkpoints", again.folder("embed") / "checkpoints")
    last = []
    for made in (whole, again):
        made.run("embed")
        last.append(torch.load(made.folder("embed") / "checkpoints" / "last.ckpt"))
    assert last[0]["global_step"] == last[1]["global_step"]
    assert (last[0]["epoch"], torch.load(embed.folder("embed") / "checkpoints" / "last.ckpt")["epoch"]) == (3, 1)
    torch.testing.assert_close(last[1]["state_dict"], last[0]["state_dict"], rtol=0, atol=0)


def test_model_c_is_scored_by_the_candidate_that_knows_most_held_out_triplets(planned: Any) -> None:
    made = planned(*ROWS["Model C"], "--protocol.weights=[0.1, 10]", "--trainer.max_epochs=1", experiment="pins")
    made.run("scores")
    choice = json.loads((made.folder("chosen") / "choice.json").read_text())
    assert choice["accuracy"][str(choice["weight"])] == max(choice["accuracy"].values())
    chosen = Embeddings.load(made.folder("chosen"))
    np.testing.assert_array_equal(chosen.vectors, Embeddings.load(made.folder(f"embed_{choice['weight']}")).vectors)
    assert set(made.scores("scores")) == {"raw", "voted"}
    assert set(made.predictions("scores", "voted"))


def test_text_only_is_trained_without_any_bits(planned: Any) -> None:
    made = planned(*ROWS["Pure text RNN"], "--trainer.max_epochs=1", experiment="pins")
    assert "bits" not in made.stages
    assert np.isfinite(Embeddings.load(made.run("embed")).vectors).all()


def test_other_units_distributions_and_losses_are_named_on_the_command_line(planned: Any) -> None:
    words = (*ROWS["Model B"], "--protocol.weights=null", "--trainer.max_epochs=1", "--data.max_words=5")
    options = [
        "--model.cell=lightning_modules.ResetAfterGRU",
        "--model.distribution=lightning_modules.log_count",
        "--model.negatives=null",
    ]
    plans = [planned(*words, *own, experiment="pins") for own in ((), *([option] for option in options))]
    vectors = [Embeddings.load(made.run("embed")).vectors for made in plans]
    assert all(not np.array_equal(vectors[0], other) for other in vectors[1:])
    keys = [set(torch.load(made.folder("embed") / "best.ckpt")["state_dict"]) for made in plans]
    assert "cell.gru.weight_ih_l0" in keys[1]
    assert keys[0] == keys[2] == keys[3]


@pytest.mark.parametrize("action", ["validate", "test"])
def test_a_checkpoint_is_measured_in_nats_a_word(
    action: str, embed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_of(tmp_path / "measured", embed.stages["embed"].description(embed.store))
    checkpoint = embed.folder("embed") / "best.ckpt"
    measure_checkpoint(job, action, checkpoint)
    out = capsys.readouterr().out
    found = json.loads(out[out.rindex("{") :])
    assert found["perplexity"] == pytest.approx(math.exp(found["nll"]))
    facts = json.loads((embed.folder("embed") / "fit.json").read_text())
    assert (found["nll"] == pytest.approx(facts["score"], rel=1e-5)) == (action == "validate")


def test_a_checkpoint_of_words_predicts_nothing(embed: Any, tmp_path: Path) -> None:
    job = job_of(tmp_path / "predicted", embed.stages["embed"].description(embed.store))
    with pytest.raises(ValueError, match=r"predict nothing; `python -m experiments\.embeddings FOLDER` exports them"):
        measure_checkpoint(job, "predict", embed.folder("embed") / "best.ckpt")
    assert not job.folder.exists()


# the choice, by hand
@pytest.fixture
def candidates(tmp_path: Path) -> dict[str, Path]:
    """Three tables of four words at these angles: of two triplets the first knows one, the others both."""
    angles = {"0.01": (0, 30, 80, 20), "0.1": (0, 10, 80, 60), "1.0": (0, 20, 80, 60)}
    for weight, degrees in angles.items():
        radians = np.radians(np.array(degrees, dtype=np.float32))
        vectors = np.stack([np.cos(radians), np.sin(radians)], 1)
        Embeddings(["snow", "ice", "sea", "dog"], vectors).save(tmp_path / weight)
        (tmp_path / weight / "best.ckpt").write_text(weight)
    (tmp_path / "captions.tsv").write_text("Snow!\tice\tsea\nsea\tdog\tice\n")
    return {weight: tmp_path / weight for weight in angles}


def chosen(tmp_path: Path, candidates: dict[str, Path]) -> Path:
    folder = tmp_path / "chosen"
    folder.mkdir()
    roles = {f"candidate_{number}": path for number, path in enumerate(candidates.values())}
    named = {weight: f"{{candidate_{number}}}" for number, weight in enumerate(candidates)}
    settings = {"candidates": named, "triplets": "{held_out}/captions.tsv", "separator": ""}
    choose(Job(folder, settings, {**roles, "held_out": tmp_path}, {}, {}))
    return folder


def test_of_equally_good_candidates_the_first_is_taken_and_said(
    candidates: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = chosen(tmp_path, candidates)
    choice = json.loads((folder / "choice.json").read_text())
    assert choice == {"weight": 0.1, "accuracy": {"0.01": 0.5, "0.1": 1.0, "1.0": 1.0}}
    assert (folder / "best.ckpt").read_text() == "0.1"
    assert pq.read_table(folder / "words.parquet")["word"].to_pylist() == ["snow", "ice", "sea", "dog"]
    np.testing.assert_array_equal(np.load(folder / "vectors.npy"), np.load(candidates["0.1"] / "vectors.npy"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "lambda 0.01: 0.5000 of 2 held-out triplets"
    assert lines[-1] == "lambda 0.1 is taken"


def test_pictures_of_another_width_are_refused_with_the_way_out(planned: Any) -> None:
    made = planned("--model.picture_size=8", experiment="pins")
    with pytest.raises(ValueError, match=r"pictures have 96 bits, the model expects 8: use --model\.picture_size=96"):
        made.run("embed")


def test_a_model_that_asks_for_pictures_is_given_some(planned: Any) -> None:
    made = planned("--data.pictures=null", experiment="pins")
    with pytest.raises(ValueError, match=r"give data\.pictures, or --model\.visual=null"):
        made.run("embed")
