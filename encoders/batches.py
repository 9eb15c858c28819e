"""What encoders and modules take and datamodules fill."""

from typing import NamedTuple

from torch import Tensor

UNLABELLED = -100  # label of a post without one; torch's and torchmetrics' `ignore_index`


class Tokens(NamedTuple):
    """S texts as word pieces, padded to the longest of them."""

    ids: Tensor  # (S, T) int64
    mask: Tensor  # (S, T) bool; True on word pieces, special tokens included


class CommentedPosts(NamedTuple):
    """B posts with at most N comments each; any modality of any post may be absent.

    Texts are `Tokens`, or (S, H) float where a frozen encoder's outputs are stored.
    """

    image: Tensor  # (B, I) pooled or (B, R, I) regions, float; rows of absent pictures are zero
    text: Tokens | Tensor  # B texts
    present: Tensor  # (B, 2) bool; columns: image, text
    comments: Tokens | Tensor  # D >= 1 distinct comments of the batch (one blank row where there is none)
    comment_index: Tensor  # (B, N) int64, rows of `comments`; 0 where absent
    comment_weight: Tensor  # (B, N) float; times a comment counts in the attention, 0 where absent
    label: Tensor  # (B,) int64; UNLABELLED where there is none
    target: Tensor  # (B, C) float; the teacher's distribution, zero rows where there is none
    weight: Tensor  # (B,) float; 0 for the rows that only fill a device's share, else 1
    row: Tensor  # (B,) int64; position of the post in its part, -1 for unlabelled posts


class ModalPosts(NamedTuple):
    """B posts with any number of modalities, each by its name; any of them may be absent."""

    inputs: dict[str, Tensor | Tokens]  # modality -> what its encoder takes, for B posts
    present: Tensor  # (B, M) bool; columns in the order of `inputs`
    label: Tensor  # (B,) int64; UNLABELLED where there is none
    negatives: dict[str, Tensor | Tokens]  # one modality -> B * g inputs of posts of other classes, or empty
    weight: Tensor  # (B,) float; 0 for the rows that only fill a device's share, else 1
    row: Tensor  # (B,) int64; position of the post in its part
