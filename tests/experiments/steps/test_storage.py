"""Mirrors experiments/steps/storage.py: the bytes that a dry run tells beforehand."""

from typing import Any

import numpy as np
import pytest

from datamodules.posts import Posts
from experiments.run import main
from experiments.stages import Stage
from experiments.steps.storage import bytes_to_store


@pytest.fixture(scope="module")
def stored(planned: Any, weights: Any) -> Any:
    """A row whose classifier reads stored texts."""
    return planned(
        *("--protocol.store_texts=true", f"--protocol.text_encoder.weights={weights / 'text'}"),
        *("--data.tokenizer=null", "--data.text_features={texts}/features"),
        *("--model.text_encoder=encoders.StoredVectors", "--model.text_encoder.init_args.width=32"),
    )


def stored_bytes(folder: Any) -> int:
    return int(np.load(folder / "values.npy", mmap_mode="r").nbytes)


def test_the_bytes_are_those_that_are_stored(stored: Any) -> None:
    image, texts = stored.run("benchmark_image"), stored.run("texts")
    told = {name: bytes_to_store(stage.description(stored.store)) for name, stage in stored.stages.items()}
    assert told["benchmark_image"] == stored_bytes(image / "features")
    assert told["texts"] == stored_bytes(texts / "features")
    folder = stored.run("corpus_sentences")
    assert stored_bytes(folder / "features") < stored_bytes(folder / "comments") < (told["corpus_sentences"] or 0)
    comments = sum(map(len, Posts(stored.folder("corpus") / "posts").column("comments")))  # some of them alike
    assert told["corpus_sentences"] == (60 + comments) * 32 * 2


def test_the_bytes_of_bits_are_those_that_are_stored(planned: Any) -> None:
    made = planned(experiment="emotion_reddit")
    floats = made.run("benchmark_pictures")
    image = made.stages["benchmark_pictures"]
    own, inputs = {"features": "{floats}/features", "threshold": "zero", "corpus": None}, {"floats": image}
    bits = Stage("bits", "experiments.steps.encode:feature_bits", own, inputs, free=image.free)
    folder = made._replace(stages={**made.stages, "bits": bits}).run("bits")
    assert bytes_to_store(bits.description(made.store)) == stored_bytes(folder / "bits")
    assert stored_bytes(folder / "bits") * 16 == stored_bytes(floats / "features")  # a bit for 16


def test_the_bytes_of_pictures_follow_the_width_of_the_vector(planned: Any) -> None:
    made = planned(experiment="emotion_reddit")
    made.run("benchmark")
    image = made.stages["benchmark_pictures"]
    media = Posts(made.folder("benchmark") / "posts").entries("media")

    def told(function: str, **encoder: Any) -> int | None:
        settings = {**image.settings, "encoder": {**image.settings["encoder"], "name": "vgg16", **encoder}}
        stage = Stage("bits", f"experiments.steps.encode:{function}", settings, image.inputs, image.files, image.free)
        return bytes_to_store(stage.description(made.store))

    assert told("pictures") == media * 4096 * 2
    assert told("pictures", output="grid", grid=7) == media * 49 * 512 * 2
    assert told("picture_bits") == media * 512


def test_an_index_takes_at_most_what_was_told(stored: Any) -> None:
    stored.run("corpus_image", "corpus_sentences")
    told = bytes_to_store(stored.stages["index"].description(stored.store))
    files = [path for path in stored.run("index").rglob("*") if path.suffix not in (".json", ".parquet", ".txt")]
    assert 0.9 * (told or 0) < sum(path.stat().st_size for path in files if path.is_file()) < 1.2 * (told or 0)


def test_what_is_not_there_yet_is_not_guessed(stored: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for stage in stored.stages.values():
        assert bytes_to_store(stage.description(tmp_path)) is None
    assert main(["cast_mvsa", "--profile", "demo", "--dry_run", "--store", str(tmp_path), *stored.overrides]) == 0
    assert "stores" not in capsys.readouterr().out
