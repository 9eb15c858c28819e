"""An epoch of the comment-aware classifier: image features stored once, or computed in every epoch."""

from pathlib import Path

import timm
import torch
from safetensors.torch import save_file
from torch import Tensor

from datamodules import CommentAwareData
from encoders import ImageEncoder
from encoders.batches import CommentedPosts
from encoders.features import encode_pictures
from encoders.pictures import open_picture
from experiments.benchmarks.material import FEW, NUM_COMMENTS, Material
from experiments.benchmarks.timing import Comparison, Sides, alternating
from experiments.benchmarks.training import comment_trainee


def sides(material: Material) -> Sides[list[Tensor]]:
    """An epoch of both kinds; returns the losses of its steps."""
    encoder = _encoder(material).to(material.device)
    data = material.teacher_data(_stored(material, encoder), FEW)
    model = material.classifier(material.text_weights)
    computing, storing = comment_trainee(model), comment_trainee(model)
    pictures = _Pictures(material, encoder, data)

    def computed() -> list[Tensor]:
        return [computing.step(pictures.into(computing.moved(batch))) for batch in data.train_dataloader()]

    def stored() -> list[Tensor]:
        return [storing.step(storing.moved(batch)) for batch in data.train_dataloader()]

    return Sides(computed, stored)


def measure(material: Material) -> list[Comparison]:
    """One row."""
    sizes = material.sizes
    first, second = alternating(sides(material), sizes.repeats, material.device)
    shown = (
        f"{sizes.few} posts in steps of {sizes.batch_size}, {NUM_COMMENTS} comments each; {sizes.image_network} at "
        f"{sizes.side} pixels on JPEGs of 64 x 64; trained text encoder of {sizes.layers} layers, {sizes.width} wide"
    )
    note = "Storing costs the difference once. Real pictures are larger: decoding them would add to the first side."
    name = "epoch of the comment-aware classifier"
    return [Comparison(name, "image features computed", "stored", shown, first, second, note=note)]


class _Pictures:
    """Puts freshly computed image features into batches."""

    def __init__(self, material: Material, encoder: ImageEncoder, data: CommentAwareData) -> None:
        self.encoder, self.ids, self.posts = encoder, data.ids("train"), material.benchmark

    def into(self, batch: CommentedPosts) -> CommentedPosts:
        rows = self.posts.rows([self.ids[row] for row in batch.row.tolist()])
        paths = [path for row in rows if (path := self.posts.picture(row))]
        pixels = torch.stack([self.encoder.preprocess(open_picture(path)) for path in paths])  # (B, 3, S, S)
        with torch.no_grad():
            return batch._replace(image=self.encoder(pixels.to(batch.image.device)))


def _encoder(material: Material) -> ImageEncoder:
    """An untrained network of the wanted kind, by way of a file as a real one."""
    sizes, path = material.sizes, material.folder / "image_network.safetensors"
    if not path.is_file():
        save_file(timm.create_model(sizes.image_network, pretrained=False, num_classes=0).state_dict(), path)
    return ImageEncoder(sizes.image_network, path, side=sizes.side)


def _stored(material: Material, encoder: ImageEncoder) -> Path:
    folder, posts = material.folder / "computed_images", material.benchmark
    items = [(row["id"], posts.picture(row)) for row in posts.rows(posts.split(FEW)["train"])]
    encode_pictures(folder, items, encoder, material.sizes.batch_size, device=material.device)
    return folder
