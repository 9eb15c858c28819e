"""Mirrors encoders/features.py."""

import json
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from encoders.bits import unpack
from encoders.features import encode_pictures, encode_sentences
from encoders.image import ImageEncoder
from encoders.pictures import open_picture
from encoders.sentences import SentenceEncoder
from encoders.store import FeatureStore


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> ImageEncoder:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    save_file(timm.create_model("test_resnet").state_dict(), folder / "model.safetensors")
    return ImageEncoder("test_resnet", folder, side=32, output="grid", grid=1)


@pytest.fixture
def pictures(tmp_path: Path) -> list[tuple[str, Path | None]]:
    """Seven good pictures, a post without one, a torn one, an absent one."""
    draws = np.random.default_rng(0)
    items: list[tuple[str, Path | None]] = []
    for number in range(7):
        path = tmp_path / f"{number}.png"
        Image.fromarray(draws.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(path)
        items.append((f"good/{number}", path))
    (tmp_path / "torn.png").write_bytes((tmp_path / "0.png").read_bytes()[:3000])
    items.insert(3, ("none", None))
    items.insert(5, ("torn", tmp_path / "torn.png"))
    return [*items, ("absent", tmp_path / "absent.png")]


@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_are_stored_and_broken_ones_listed(
    encoder: ImageEncoder, pictures: list[tuple[str, Path | None]], tmp_path: Path, workers: int
) -> None:
    folder = tmp_path / "features"
    assert encode_pictures(folder, pictures, encoder, batch_size=2, workers=workers)
    values, present = FeatureStore(folder, encoder.key()).take([item for item, _ in pictures])
    for row, (item, path) in enumerate(pictures):
        assert present[row] == item.startswith("good")
        if present[row] and path is not None:
            expected = encoder(encoder.preprocess(open_picture(path)).unsqueeze(0))[0]
            torch.testing.assert_close(values[row], expected, atol=2e-3, rtol=2e-3)
    problems = [json.loads(line) for line in (folder / "problems.jsonl").read_text().splitlines()]
    assert [(problem["id"], "png" in problem["cause"]) for problem in problems] == [("torn", True), ("absent", True)]


def test_bits_of_pictures_are_those_of_their_features(
    encoder: ImageEncoder, pictures: list[tuple[str, Path | None]], tmp_path: Path
) -> None:
    encode_pictures(tmp_path / "features", pictures, encoder, batch_size=2)
    assert encode_pictures(tmp_path / "bits", pictures, encoder, batch_size=2, bits=True)
    key = encoder.key() | {"threshold": "zero", "width": 96}
    bits, ids = FeatureStore(tmp_path / "bits", key), [item for item, _ in pictures]
    values, present = FeatureStore(tmp_path / "features").take(ids)
    taken, there = bits.take(ids)
    assert bits.shape == (1, 12)  # 96 units of one region
    assert torch.equal(there, present)
    assert torch.equal(unpack(taken, 96), (values > 0).float())
    problems = [(tmp_path / name / "problems.jsonl").read_text() for name in ("features", "bits")]
    assert problems[0] == problems[1]


def test_no_bits_are_made_of_what_is_no_number(pictures: list[tuple[str, Path | None]], tmp_path: Path) -> None:
    broken = {
        name: torch.full_like(value, float("nan")) if value.is_floating_point() else value
        for name, value in timm.create_model("test_resnet").state_dict().items()
    }
    save_file(broken, tmp_path / "model.safetensors")
    encoder = ImageEncoder("test_resnet", tmp_path, side=32)
    with pytest.raises(ValueError, match="test_resnet: values that are not numbers"):
        encode_pictures(tmp_path / "bits", pictures, encoder, bits=True)


def test_texts_are_stored(bert: Path, sentences: list[str], tmp_path: Path) -> None:
    encoder = SentenceEncoder(bert, "mean", device="cpu")
    items = [("a", sentences[0]), ("none", None), ("b", sentences[1]), ("copy", sentences[0])]
    assert encode_sentences(tmp_path, items, encoder)
    values, present = FeatureStore(tmp_path, encoder.key()).take([item for item, _ in items])
    assert present.tolist() == [True, False, True, True]
    np.testing.assert_allclose(values[[0, 2, 3]], encoder.encode([*sentences[:2], sentences[0]]), atol=2e-3, rtol=2e-3)
