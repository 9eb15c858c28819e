"""How pictures enter a language model (Pins, section 4, Figure 4): its first state, or a term of its loss."""

import torch
from torch import Tensor, nn

from encoders.batches import PackedSentences
from encoders.bits import unpack
from lightning_modules.distances import euclidean


class Visual(nn.Module):
    """Pictures among states or words, ReLU(W_I f_I); what becomes of them is a subclass's.

    Args:
        size: of what a picture is mapped to.
        picture_size: W, bits of a picture (Section 4: VGG's 4,096).
        bias: add one before the ReLU; the paper writes none, the code of its predecessor has one.
        weight: lambda, of the added loss.
    """

    def __init__(self, size: int, picture_size: int, bias: bool, weight: float = 0.0) -> None:
        super().__init__()
        self.picture_size, self.weight = picture_size, weight
        self.of_picture = nn.Linear(picture_size, size, bias=bias)

    def pictures(self, batch: PackedSentences) -> Tensor:
        """ReLU(W_I f_I) of each sentence's picture, (B, size)."""
        bits = unpack(batch.pictures, self.picture_size).to(self.of_picture.weight.dtype)
        return self.of_picture(bits).relu()

    def first_state(self, batch: PackedSentences) -> Tensor | None:
        """h_0 of each sentence, (B, H); None is zero."""
        return None

    def distances(self, batch: PackedSentences, vectors: Tensor, states: Tensor) -> Tensor | None:
        """What Eq. 5 or 6 adds up, (B,), given word vectors (N, E) and states (N, H); None adds no loss."""
        return None


class InitialState(Visual):
    """Model A: h_0 = ReLU(W_I f_I); without a picture the zero state.

    Args:
        state_size: H; the model gives it.
        embedding_size: E; the model gives it.
        picture_size: W; the model gives it.
        bias: add one before the ReLU; the paper writes none, the code of its predecessor has one.
    """

    def __init__(self, state_size: int, embedding_size: int, picture_size: int, bias: bool = False) -> None:
        super().__init__(state_size, picture_size, bias)

    def first_state(self, batch: PackedSentences) -> Tensor:
        return self.pictures(batch) * batch.present.unsqueeze(1)


class FinalState(Visual):
    """Model B: the state after the last word is drawn to the picture (Eq. 5).

    Args:
        state_size: H; the model gives it.
        embedding_size: E; the model gives it.
        picture_size: W; the model gives it.
        weight: lambda; the paper states no value.
        bias: add one before the ReLU; the paper writes none, the code of its predecessor has one.
    """

    def __init__(
        self, state_size: int, embedding_size: int, picture_size: int, weight: float = 0.1, bias: bool = False
    ) -> None:
        super().__init__(state_size, picture_size, bias, weight)

    def distances(self, batch: PackedSentences, vectors: Tensor, states: Tensor) -> Tensor:
        """|h_l - ReLU(W_I f_I)|, (B,)."""
        return euclidean(states[batch.last], self.pictures(batch))


class WordVectors(Visual):
    """Model C: every word's vector is drawn to the picture (Eq. 6).

    Args:
        state_size: H; the model gives it.
        embedding_size: E; the model gives it.
        picture_size: W; the model gives it.
        weight: lambda; the paper states no value.
        bias: add one before the ReLU; the paper writes none, the code of its predecessor has one.
    """

    def __init__(
        self, state_size: int, embedding_size: int, picture_size: int, weight: float = 0.1, bias: bool = False
    ) -> None:
        super().__init__(embedding_size, picture_size, bias, weight)

    def distances(self, batch: PackedSentences, vectors: Tensor, states: Tensor) -> Tensor:
        """Mean over a sentence's words of |e_t - ReLU(W_I f_I)|, (B,); `<bos>`, the first of all, is none of them."""
        size = len(batch.last)
        of = batch.sentence[size:]  # (N - B,)
        each = euclidean(vectors[size:], self.pictures(batch)[of])  # (N - B,)
        sums, ones = each.new_zeros(size), torch.ones_like(each)
        return sums.index_add(0, of, each) / sums.index_add(0, of, ones).clamp(min=1)
