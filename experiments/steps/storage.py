"""How many bytes a stage will store, for `--dry_run`."""

import math
from pathlib import Path
from typing import Any

import timm
import torch

from datamodules.posts import Posts
from encoders.bits import packed_width
from encoders.parts import BITS
from encoders.store import FeatureStore, bytes_needed
from encoders.text import stored_width
from experiments.stage import job_of
from experiments.steps.encode import texts_read
from experiments.wiring import filled

SINGLE = 4  # bytes of a number in Faiss's own copies


def bytes_to_store(plan: dict[str, Any]) -> int | None:
    """At most so many bytes the features or the index of a stage take.

    Args:
        plan: `Stage.description`.

    Returns:
        None for other stages, and where posts, features or weights are not there yet.
    """
    counted = {
        **{"image": _image, "pictures": _image, "picture_bits": _picture_bits, "feature_bits": _feature_bits},
        **{"sentences": _sentences, "texts": _texts, "index": _index},
    }
    kind = plan["function"].partition(":")[2]
    try:
        return counted[kind](filled(plan["settings"], job_of(Path(), plan).folders)) if kind in counted else None
    except OSError:  # of whatever is not there
        return None


def _image(settings: dict[str, Any]) -> int:
    return bytes_needed(_pictures(settings), _image_shape(settings["encoder"]))


def _picture_bits(settings: dict[str, Any]) -> int:
    regions, width = _image_shape(settings["encoder"])
    return bytes_needed(_pictures(settings), (regions, packed_width(width)), BITS)


def _feature_bits(settings: dict[str, Any]) -> int:
    store = FeatureStore(settings["features"])
    return bytes_needed(len(store), (packed_width(store.shape[-1]),), BITS)


def _pictures(settings: dict[str, Any]) -> int:
    posts = Posts(settings["posts"])
    return max(len(posts), posts.entries("media"))


def _image_shape(encoder: dict[str, Any]) -> tuple[int, int]:
    with torch.device("meta"):  # without values: VGG16's take half a gigabyte
        network: Any = timm.create_model(encoder["name"], pretrained=False, num_classes=0)
    if encoder["output"] == "grid":
        return encoder["grid"] ** 2, network.num_features
    return 1, network.head_hidden_size  # VGG's last map is 512 wide, its vector 4,096


def _sentences(settings: dict[str, Any]) -> int:
    posts = Posts(settings["posts"])
    return bytes_needed(len(posts) + posts.entries("comments"), (stored_width(settings["encoder"]["weights"]),))


def _texts(settings: dict[str, Any]) -> int:
    return bytes_needed(len(texts_read(settings)), (stored_width(settings["text_encoder"]["weights"]),))


def _index(settings: dict[str, Any]) -> int:
    """The vectors once more, and flat indices over those that are searched (IVFPQ's take less)."""
    places = (settings["image"], "features"), (settings["sentences"], "features"), (settings["sentences"], "comments")
    image, text, comments = (FeatureStore(Path(folder) / name) for folder, name in places)
    copies = sum(bytes_needed(store.count, store.shape) for store in (image, text, comments))
    return copies + sum(store.count * math.prod(store.shape) * SINGLE for store in (image, text))
