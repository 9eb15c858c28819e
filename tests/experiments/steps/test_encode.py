"""Mirrors experiments/steps/encode.py: the stages that make bits of pictures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from datamodules.posts import Posts
from datamodules.sentences.corpus import VERSION
from encoders.bits import unpack
from encoders.store import FeatureStore, write_features
from experiments.stage import Job
from experiments.steps.encode import feature_bits, picture_bits

FREE = {"num_workers": 0, "trainer": {"accelerator": "cpu"}}
VECTORS = {"a.jpg": [1.0, 5.0, -1.0], "b.jpg": [2.0, 5.0, -2.0], "c.jpg": [6.0, 5.0, -3.0], "torn.jpg": None}
VECTORS |= {"test.jpg": [4.0, 9.0, 1.0]}


def job(folder: Path, **settings: Any) -> Job:
    folder.mkdir()
    return Job(folder, settings, {}, {}, FREE)


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Vectors of five pictures, one of them unreadable."""
    items = [(name, None if row is None else torch.tensor(row)) for name, row in VECTORS.items()]
    write_features(tmp_path / "features", items, torch.stack, (3,), {"made": "by hand"})
    return tmp_path / "features"


def corpus(folder: Path, train: list[int], pictures: list[str] | None = None) -> Path:
    """Training sentences of no words about these pictures, by their rows."""
    part = folder / "train"
    part.mkdir(parents=True)
    pq.write_table(pa.table({"path": pictures or [*VECTORS, "unknown.jpg"]}), folder / "pictures.parquet")
    np.save(part / "tokens.npy", np.zeros(0, np.int32))
    np.save(part / "offsets.npy", np.zeros(len(train) + 1, np.int64))
    np.save(part / "pictures.npy", np.array(train, np.int32))
    (folder / "corpus.json").write_text(json.dumps({"version": VERSION, "parts": {"train": {}}}))
    return folder


def taken(folder: Path, width: int) -> list[list[float]]:
    store = FeatureStore(folder / "bits")
    return unpack(store.take(store.ids)[0], width).tolist()


def test_medians_are_those_of_training_pictures_each_counted_once(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences = corpus(tmp_path / "corpus", [0, 0, 0, 0, 1, 1, 2, 3, -1, 5])
    made = job(tmp_path / "stage", features=str(features), threshold="median", corpus=str(sentences))
    feature_bits(made)
    assert np.load(made.folder / "thresholds.npy").tolist() == [2, 5, -2]
    assert taken(made.folder, 3) == [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert FeatureStore(made.folder / "bits").present.tolist() == [True, True, True, False, True]
    facts = json.loads((made.folder / "bits.json").read_text())
    assert facts == {
        **{"threshold": "median", "training_pictures": 3, "medians_over": 3, "pictures": 4, "width": 3},
        **{"share_of_ones": 5 / 12, "always_one": 0, "always_zero": 0},
    }
    assert "4 pictures of 3 bits, 41.7% of them ones; 0 dimensions are the same" in capsys.readouterr().out


def test_zero_needs_no_corpus(features: Path, tmp_path: Path) -> None:
    made = job(tmp_path / "stage", features=str(features), threshold="zero", corpus=None)
    feature_bits(made)
    assert taken(made.folder, 3) == [[1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]]
    facts = json.loads((made.folder / "bits.json").read_text())
    assert (facts["always_one"], facts["always_zero"]) == (2, 0)


def test_a_second_start_changes_nothing(features: Path, tmp_path: Path) -> None:
    sentences = corpus(tmp_path / "corpus", [0, 1])
    made = job(tmp_path / "stage", features=str(features), threshold="median", corpus=str(sentences))
    feature_bits(made)
    before = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    feature_bits(made)
    assert before == {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}


def test_pictures_of_other_posts_are_refused(features: Path, tmp_path: Path) -> None:
    sentences = corpus(tmp_path / "corpus", [0, 1], ["x.jpg", "y.jpg"])
    made = job(tmp_path / "stage", features=str(features), threshold="median", corpus=str(sentences))
    with pytest.raises(ValueError, match=r"none of the 2 pictures of .*encode the pictures of the same posts"):
        feature_bits(made)


def test_an_unknown_threshold_is_refused(features: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'zero' or 'median', not 'mean'"):
        feature_bits(job(tmp_path / "stage", features=str(features), threshold="mean", corpus=None))


def test_bits_of_pictures_are_the_signs_of_their_vectors(planned: Any, weights: Path, tmp_path: Path) -> None:
    made = planned(experiment="emotion_reddit")
    floats = FeatureStore(made.run("benchmark_pictures") / "features")
    posts = made.folder("benchmark") / "posts"
    encoder = {**made.stages["benchmark_pictures"].settings["encoder"], "weights": str(weights / "image")}
    bits = job(tmp_path / "stage", posts=str(posts), encoder=encoder)
    picture_bits(bits)
    store = FeatureStore(bits.folder / "bits")
    assert store.ids == floats.ids
    assert len(store) == len(
        {name for row in Posts(posts).rows(Posts(posts).ids) for name in Posts(posts).pictures(row)}
    )
    width = floats.shape[0]
    values, present = floats.take(floats.ids)
    assert torch.equal(store.take(store.ids)[1], present)
    assert taken(bits.folder, width) == (values > 0).float().tolist()
    facts = json.loads((bits.folder / "bits.json").read_text())
    assert facts["share_of_ones"] == pytest.approx((values > 0)[present].float().mean().item())
    assert [path.name for path in bits.folder.iterdir() if path.is_dir()] == ["bits"]  # no floats are left
