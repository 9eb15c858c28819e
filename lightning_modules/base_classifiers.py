"""Base classifiers that comments are added to (CAST, section 3.3): two modalities in, three vectors out."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn


class BaseOutput(NamedTuple):
    """What a late-fusion base classifier knows of B posts."""

    image: Tensor  # (B, H) h_v; zero where the post has no picture
    text: Tensor  # (B, H) h_t; zero where it has no text
    fusion: Tensor  # (B, H) h_f, the last layer before the softmax layer


class BaseClassifier(Protocol):
    """What `CommentAwareClassifier` asks of a base classifier; any nn.Module with these will do."""

    text_size: int  # T, width of the text vectors it takes
    hidden_size: int  # H, width of the three vectors it returns

    def forward(self, image: Tensor, text: Tensor, present: Tensor) -> BaseOutput:
        """Take images (B, I) or (B, R, I), texts (B, T) and present (B, 2) bool, columns image and text."""


class BertCnn(nn.Module):
    """Picture and text vectors, projected and concatenated: BERT-CNN, the base for image-text relations (Table 4).

    No activations, as in the authors' heads. A grid of regions is averaged first.

    Args:
        image_size: I, width of the picture features (Section 3.2: ResNet-152's 2,048).
        text_size: T, width of the text encoder (bert-base: 768).
        hidden_size: H, width of the common space.
    """

    def __init__(self, image_size: int = 2048, text_size: int = 768, hidden_size: int = 768) -> None:
        super().__init__()
        self.image_size, self.text_size, self.hidden_size = image_size, text_size, hidden_size
        self.image = nn.Linear(image_size, hidden_size)
        self.text = nn.Linear(text_size, hidden_size)
        self.fusion = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, image: Tensor, text: Tensor, present: Tensor) -> BaseOutput:
        """Take images (B, I) or (B, R, I), texts (B, T) and present (B, 2) bool, columns image and text.

        Raises:
            ValueError: picture features of another width.
        """
        if image.shape[-1] != self.image_size:
            raise ValueError(
                f"picture features are {image.shape[-1]} wide, the base classifier takes {self.image_size}; "
                f"set model.init_args.base.init_args.image_size to {image.shape[-1]}"
            )
        if image.dim() == 3:
            image = image.mean(1)  # (B, I)
        # masked after the layers, whose biases would stand in for what is absent
        visual = self.image(image) * present[:, :1]  # (B, H)
        textual = self.text(text) * present[:, 1:]  # (B, H)
        return BaseOutput(visual, textual, self.fusion(torch.cat([textual, visual], dim=-1)))
