"""Mirrors encoders/image.py."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import create_transform
from timm.models import register_model
from timm.models.vgg import VGG
from torch import nn

from encoders.image import ImageEncoder, Preprocessing
from encoders.pictures import open_picture


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a classifier of 5 classes, in half precision."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    model = timm.create_model("test_resnet", num_classes=5).half()
    save_file(model.state_dict(), folder / "model.safetensors")
    return folder


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def test_pooled_features_are_the_networks_before_its_classifier(weights: Path) -> None:
    encoder = ImageEncoder("test_resnet", weights, side=64)
    reference = timm.create_model("test_resnet", num_classes=5)
    reference.load_state_dict(load_file(weights / "model.safetensors"))
    pixels = torch.randn(2, 3, 64, 64)
    expected = reference.eval().forward_head(reference.forward_features(pixels), pre_logits=True)
    torch.testing.assert_close(encoder(pixels), expected)
    assert encoder.shape == (96,) == tuple(expected.shape[1:])


def test_the_grid_goes_row_by_row_and_its_mean_is_the_pooled_vector(weights: Path) -> None:
    encoder = ImageEncoder("test_resnet", weights, side=128, output="grid", grid=2)
    pixels = torch.randn(2, 3, 128, 128)
    maps = encoder.model.forward_features(pixels)  # (2, 96, 4, 4)
    regions = encoder(pixels)
    assert encoder.shape == (4, 96)
    torch.testing.assert_close(regions[:, 1], maps[:, :, :2, 2:].mean((2, 3)))
    torch.testing.assert_close(regions.mean(1), maps.mean((2, 3)))


@pytest.mark.parametrize(("width", "height"), [(301, 200), (90, 407), (64, 64)])
@pytest.mark.parametrize("name", ["test_resnet", "mobilenetv2_100"])
def test_preprocessing_is_timms(name: str, width: int, height: int) -> None:
    model = timm.create_model(name, pretrained=False)
    own = Preprocessing.of(model, 64)
    timms = create_transform(
        (3, 64, 64), interpolation=own.interpolation, mean=own.mean, std=own.std, crop_pct=model.default_cfg["crop_pct"]
    )
    difference = own(noise(width, height)) - timms(noise(width, height))
    assert difference.abs().max() < 1.01 / 255 / min(own.std)  # one level: resampling rounds


def test_a_squashed_picture_keeps_its_borders() -> None:
    squash = Preprocessing.of(timm.create_model("test_resnet", pretrained=False), 64, "squash")
    picture = noise(301, 200)
    resample = Image.Resampling[squash.interpolation.upper()]
    plain = torch.from_numpy(np.array(picture.resize((64, 64), resample), dtype=np.float32)).permute(2, 0, 1) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (squash.mean, squash.std))
    torch.testing.assert_close(squash(picture), (plain - mean) / std)
    assert str(squash).startswith(f"both sides to 64 pixels, {squash.interpolation}, mean")


def test_a_crop_says_what_it_said_before_there_was_a_squash() -> None:
    mean, std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    assert str(Preprocessing(64, 73, "bicubic", mean, std)) == (
        "shorter side to 73 pixels, bicubic, centre crop of 64, mean (0.5, 0.5, 0.5), std (0.25, 0.25, 0.25)"
    )


def test_a_very_long_picture_is_not_blown_up(weights: Path) -> None:
    encoder = ImageEncoder("test_resnet", weights, side=64)
    assert encoder.preprocess(Image.new("RGB", (1, 100_000))).shape == (3, 64, 64)


def test_it_stays_frozen_and_in_evaluation_mode(weights: Path) -> None:
    encoder = ImageEncoder("test_resnet", weights, side=64).train()
    assert not any(module.training for module in encoder.modules())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}


def test_the_key_changes_with_whatever_changes_features(weights: Path) -> None:
    base = ImageEncoder("test_resnet", weights, side=64).key()
    assert base == ImageEncoder("test_resnet", weights / "model.safetensors", side=64).key()
    others = [
        ImageEncoder("test_resnet", weights, side=32),
        ImageEncoder("test_resnet", weights, side=64, output="grid"),
        ImageEncoder("test_resnet", weights, side=64, output="grid", grid=3),
        ImageEncoder("test_resnet", weights, side=64, resize="squash"),
    ]
    keys = [base, *(other.key() for other in others)]
    assert len({str(key) for key in keys}) == 5


def test_an_unknown_way_to_resize_is_refused(weights: Path) -> None:
    with pytest.raises(ValueError, match="'crop' or 'squash', not 'stretch'"):
        ImageEncoder("test_resnet", weights, side=64, resize="stretch")


# As timm's vgg16, with one layer of 4 channels in the place of 13 and 16 units in the place of the first 4,096.
@register_model
def tiny_vgg(pretrained: bool = False, num_classes: int = 1000, **options: Any) -> nn.Module:
    return VGG([4, "M"], num_classes=num_classes, mlp_ratio=16 / 4096)


def test_the_vector_of_vgg_is_the_layer_before_its_softmax_layer_after_its_relu(tmp_path: Path) -> None:
    torch.manual_seed(0)
    reference = timm.create_model("tiny_vgg").eval()
    save_file(reference.state_dict(), tmp_path / "model.safetensors")
    encoder = ImageEncoder("tiny_vgg", tmp_path, side=14)
    pixels, into_softmax = torch.randn(2, 3, 14, 14), []
    reference.head.fc.register_forward_pre_hook(lambda layer, given: into_softmax.append(given[0]))
    reference(pixels)
    vectors = encoder(pixels)
    assert encoder.shape == (4096,)
    torch.testing.assert_close(vectors, into_softmax[0])
    assert (vectors >= 0).all()
    assert 0.1 < (vectors > 0).float().mean() < 0.9


def test_vgg16_is_4096_wide() -> None:
    with torch.device("meta"):  # shapes without 138 million values
        network = timm.create_model("vgg16", num_classes=0).eval()
        assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 4096)


def test_weights_of_another_network_are_refused(weights: Path) -> None:
    with pytest.raises(ValueError, match="not the weights of test_efficientnet"):
        ImageEncoder("test_efficientnet", weights, side=64)


def test_absent_and_random_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given in ("random", "absent/model.safetensors", "./absent"):
        with pytest.raises(FileNotFoundError, match="weights"):
            ImageEncoder("test_resnet", given)


def test_a_poisoned_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps({"conv1.weight": os.getcwd}))
    with pytest.raises(ValueError, match=r"model\.pth: refused"):
        ImageEncoder("test_resnet", path)


@pytest.mark.usefixtures("no_hub")
def test_a_hub_out_of_reach_names_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(OSError, match=r"resnet152.tv_in1k.*folder as `weights`.*demo"):
        ImageEncoder()


def test_a_network_without_a_map_has_no_grid(tmp_path: Path) -> None:
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="no feature map"):
        ImageEncoder("test_vit", tmp_path, side=160, output="grid")


SHARED = Path(os.environ.get("POSTLAB_SHARED", "absent"))
MOBILENET = SHARED / "models" / "timm_mobilenetv2_100" / "model.safetensors"


@pytest.mark.skipif(not MOBILENET.is_file(), reason="POSTLAB_SHARED names no folder with models")
def test_real_weights_give_alike_pictures_alike_vectors() -> None:
    encoder = ImageEncoder("mobilenetv2_100", MOBILENET, side=225)
    assert encoder.shape == (1280,)
    paths = sorted((SHARED / "data" / "flickr8k").rglob("*.jpg"))[:8]
    if len(paths) < 8:
        pytest.skip("no pictures beside the models")
    pictures = [open_picture(path) for path in paths]
    mirrored = [picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in pictures]
    vectors = torch.nn.functional.normalize(encoder(torch.stack([*map(encoder.preprocess, pictures + mirrored)])))
    assert (vectors[:8] @ vectors[8:].T).argmax(1).tolist() == list(range(8))
