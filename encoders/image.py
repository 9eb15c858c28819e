"""Frozen picture encoders."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import PIL
import timm
import torch
from PIL import Image
from timm.data import resolve_model_data_config
from torch import Tensor, nn
from torch.nn import functional as F

from encoders.weights import fetching, read_weights, resolve_weights, weights_digest

Resize = Literal["crop", "squash"]


class Preprocessing(NamedTuple):
    """A picture of side x side, normalised as in the network's training.

    Cropped: the shorter side scaled to `scaled` and the centre cut out. Squashed: both sides scaled to `side`.

    Only the pixels that are kept are computed: a picture of 1 x 100,000 pixels would be 22 million pixels high scaled.
    """

    side: int
    scaled: int
    interpolation: str  # bilinear or bicubic
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize: Resize = "crop"

    @classmethod
    def of(cls, model: nn.Module, side: int, resize: Resize = "crop") -> Self:
        """What timm states for the network, at another side."""
        config = resolve_model_data_config(model)
        scaled = math.floor(side / config["crop_pct"])
        return cls(side, scaled, config["interpolation"], tuple(config["mean"]), tuple(config["std"]), resize)

    def __str__(self) -> str:
        """What a stored feature's key says of it."""
        if self.resize == "squash":
            size = f"both sides to {self.side} pixels, {self.interpolation}"
        else:
            size = f"shorter side to {self.scaled} pixels, {self.interpolation}, centre crop of {self.side}"
        return f"{size}, mean {self.mean}, std {self.std}"

    def __call__(self, image: Image.Image) -> Tensor:
        """Return (3, S, S) float32 of an RGB picture."""
        left, right = self._kept(image.width, min(image.size))
        top, bottom = self._kept(image.height, min(image.size))
        resample = Image.Resampling[self.interpolation.upper()]
        square = image.resize((self.side, self.side), resample, box=(left, top, right, bottom))
        pixels = torch.from_numpy(np.array(square, dtype=np.float32)).permute(2, 0, 1) / 255  # (3, S, S)
        return (pixels - torch.tensor(self.mean).view(3, 1, 1)) / torch.tensor(self.std).view(3, 1, 1)

    def _kept(self, length: int, shorter: int) -> tuple[float, float]:
        """Ends of the kept stretch of one axis, in pixels of the picture; rounded as torchvision rounds."""
        if self.resize == "squash":
            return 0, length
        whole = int(self.scaled * length / shorter)
        start = round((whole - self.side) / 2)
        return start * length / whole, (start + self.side) * length / whole


class ImageEncoder(nn.Module):
    """A pre-trained network without its classifier (CAST, section 3.2: ResNet-152; Emotion, 5.3: Inception; ImageNet).

    The vector of timm's VGG is the layer before its soft-max layer after its ReLU (Pins, section 4: VGG16, 4,096 wide).

    Args:
        name: timm's name; the default tag is the recipe of the paper's time, 2,048 wide.
        weights: local checkpoint file or folder, with any classifier or none; None takes the hub's.
        side: S, pixels; ResNet-152 has a grid of 7 x 7 at 224 and of 14 x 14 at 448.
        output: "pooled" for one vector, "grid" for regions row by row.
        grid: G, regions a side, by adaptive average pooling of the last feature map (official code: 5 or 14).
        trainable: fine-tune it with the model that holds it (Emotion, section 4.2); else it is frozen.
        resize: "crop" scales the shorter side and cuts out the centre, as timm does; "squash" scales both sides to
            S x S (Pins, section 4).

    Raises:
        OSError: `weights` is None and the hub is out of reach; names the ways out.
        FileNotFoundError, ValueError: local weights are missing, unsafe to read or of another network.
    """

    def __init__(
        self,
        name: str = "resnet152.tv_in1k",
        weights: str | Path | None = None,
        side: int = 224,
        output: Literal["pooled", "grid"] = "pooled",
        grid: int = 7,
        trainable: bool = False,
        resize: Resize = "crop",
    ) -> None:
        super().__init__()
        if output not in ("pooled", "grid"):
            raise ValueError(f"output is 'pooled' or 'grid', not {output!r}")
        if resize not in ("crop", "squash"):
            raise ValueError(f"resize is 'crop' or 'squash', not {resize!r}")
        self.name, self.side, self.output, self.grid = name, side, output, grid
        self.model: Any = _pretrained(name) if weights is None else _local(name, Path(resolve_weights(weights)))
        self.model.float().requires_grad_(trainable)
        self.preprocess = Preprocessing.of(self.model, side, resize)
        self.eval()
        with torch.inference_mode():
            self._shape = tuple(self(torch.zeros(1, 3, side, side)).shape[1:])
        self.width = self._shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """(I,) pooled, or (R, I) with R = G * G regions."""
        return self._shape

    def key(self) -> dict[str, Any]:
        """All that a picture's features depend on, as plain values."""
        return {
            "encoder": self.name,
            "weights": weights_digest(self.model),
            "preprocessing": str(self.preprocess),
            "side": self.side,
            "output": self.output,
            "grid": self.grid if self.output == "grid" else None,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
        }

    def forward(self, pixels: Tensor) -> Tensor:
        """Map (B, 3, S, S) from `preprocess` to (B, I), or (B, R, I) regions."""
        if self.output == "pooled":
            return self.model(pixels)  # (B, I)
        maps = self.model.forward_features(pixels)  # (B, I, H, W)
        if maps.dim() != 4 or maps.shape[1] != self.model.num_features:
            raise ValueError(f"{self.name} has no feature map of channels, height and width: use output='pooled'")
        return F.adaptive_avg_pool2d(maps, self.grid).flatten(2).transpose(1, 2)  # (B, G * G, I)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode: batch statistics must not move."""
        return super().train(False)


def untrained(name: str) -> nn.Module:
    """The network of timm's name without its classifier, with random weights."""
    return timm.create_model(name, pretrained=False, num_classes=0)


def _pretrained(name: str) -> nn.Module:
    with fetching(name):
        return timm.create_model(name, pretrained=True, num_classes=0)


def _local(name: str, path: Path) -> nn.Module:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder; `weights` takes local files, None takes the hub's")
    model = untrained(name)
    wanted, given = model.state_dict(), read_weights(path)
    _check_fit(name, path, wanted, given)
    model.load_state_dict({key: given[key] for key in wanted if key in given}, strict=False)
    return model


def _check_fit(name: str, path: Path, wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> None:
    """Extra tensors are classifiers, which are left out; missing or misshapen ones mean another network."""
    wrong = [key for key, value in wanted.items() if key not in given or given[key].shape != value.shape]
    wrong = [key for key in wrong if not key.endswith("num_batches_tracked")]  # old checkpoints lack these counters
    if wrong:
        raise ValueError(
            f"{path}: not the weights of {name}: {len(wrong)} of {len(wanted)} tensors are missing or of another "
            f"shape, such as {wrong[0]}; give the timm name that the checkpoint was made for"
        )
