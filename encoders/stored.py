"""Stored features in the place of an encoder."""

from torch import Tensor, nn

from encoders.batches import Tokens


class StoredVectors(nn.Module):
    """Stands where an encoder would when its modality comes as a frozen encoder's stored features.

    Args:
        width: H of the stored features (Emotion, Section 5.3: Inception's 2,048).
    """

    def __init__(self, width: int = 2048) -> None:
        super().__init__()
        self.width = width

    def forward(self, features: Tokens | Tensor) -> Tensor:
        """Return (S, H) features as they are.

        Raises:
            TypeError: word pieces.
            ValueError: features of another width.
        """
        if not isinstance(features, Tensor):
            raise TypeError(
                "StoredVectors takes stored features, not word pieces: give the data its text features, "
                "or the model a TextEncoder"
            )
        return stored(features, self.width)


def stored(features: Tensor, width: int) -> Tensor:
    """Return the features; ValueError where they are of another width than the model's."""
    if features.shape[-1] != width:
        raise ValueError(
            f"stored features are {features.shape[-1]} wide, the model expects {width}: set its width, "
            "or encode them with the encoder that the model names"
        )
    return features
