"""What the papers' protocols have in common."""

from dataclasses import dataclass
from typing import Literal


class Protocol:
    """What the stages of a paper's protocol are told; each paper has its own."""


@dataclass
class Network:
    """The simulated network that stands in for posts.

    Args:
        seed: draws the network; another seed is another network with the same causes.
        labelled: posts with labels.
        corpus: posts without labels, with comments.
        emotion: posts of each of the two sets with emotions; 0 makes neither.
        pins: pictures with descriptions, and clicks on them; 0 makes neither.
        timelines: posts of users with interests, about 36 an account, and reactions to brands; 0 makes none.
        pictured: share of the timelines' posts that have a picture, in (0, 1].
    """

    seed: int = 0
    labelled: int = 600
    corpus: int = 3000
    emotion: int = 0
    pins: int = 0
    timelines: int = 0
    pictured: float = 1 / 3


@dataclass
class ImageFeatures:
    """Frozen picture encoder (CAST, section 3.2: ResNet-152, ImageNet, final pooling layer, 2,048 wide).

    Args:
        name: timm's name; the default tag is the recipe of the paper's time.
        weights: local file or folder; none takes the hub's.
        side: pixels; 448 gives the 14 x 14 grid of MSD.
        output: `pooled` or `grid`, a region grid for classifiers that attend to regions.
        grid: regions a side, by adaptive average pooling.
        resize: `crop` cuts the centre out; `squash` scales both sides to `side` (Pins, Section 4).
    """

    name: str = "resnet152.tv_in1k"
    weights: str | None = None
    side: int = 224
    output: str = "pooled"
    grid: int = 7
    resize: Literal["crop", "squash"] = "crop"
