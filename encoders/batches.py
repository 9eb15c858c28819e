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


class PackedSentences(NamedTuple):
    """B sentences step by step, longest first, without padding: N = sum of their words + B for `<bos>`, or `<eos>`.

    The first `sizes[0]` = B places are the first steps of all sentences, the next `sizes[1]` the second steps of those
    that have one, and so on.
    """

    words: Tensor  # (N,) int64; what is read: `<bos>`, then the words
    targets: Tensor  # (N,) int64; what comes next: the words, then `<eos>`
    sentence: Tensor  # (N,) int64; row in [0, B)
    last: Tensor  # (B,) int64; place of each sentence's last word in N
    sizes: list[int]  # sentences that have so many steps, by step
    pictures: Tensor  # (B, ceil(W / 8)) uint8, as `encoders.bits` packs them; rows of absent ones are zero
    present: Tensor  # (B,) bool; whether there is a picture


class PostTriples(NamedTuple):
    """B posts as picture, text and user, any of which may be absent; of a row that only fills a share all three are."""

    pictures: Tensor  # (P, W) float; of the posts that have one, in their order
    words: Tensor  # (T, L) int64, words by number, 0 pads; of the posts that have a text, in their order
    picture: Tensor  # (B,) int64; identity of each post's picture, -1 without
    text: Tensor  # (B,) int64; identity of its text, -1 without
    user: Tensor  # (B,) int64; number of its user, -1 without


class Queries(NamedTuple):
    """Q queries of one task and their true items."""

    items: PostTriples  # Q rows, of which only the query's modality is there
    true: Tensor  # (Q, M) int64; places in the gallery, padded with -1
