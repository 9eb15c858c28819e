"""Pictures, texts and sentences as vectors, and the store that keeps them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encoders.batches import UNLABELLED, CommentedPosts, ModalPosts, PostTriples, Queries, Tokens
    from encoders.image import ImageEncoder
    from encoders.sentences import SentenceEncoder
    from encoders.store import FeatureStore, write_features
    from encoders.stored import StoredVectors
    from encoders.text import TextEncoder
    from encoders.text_cnn import SentenceCNN
    from encoders.tokens import Tokenizer
    from encoders.words import WordPooling

__all__ = [
    "UNLABELLED",
    "CommentedPosts",
    "FeatureStore",
    "ImageEncoder",
    "ModalPosts",
    "PostTriples",
    "Queries",
    "SentenceCNN",
    "SentenceEncoder",
    "StoredVectors",
    "TextEncoder",
    "Tokenizer",
    "Tokens",
    "WordPooling",
    "write_features",
]

# quick to import first
_MODULES = ("batches", "store", "stored", "words", "text_cnn", "tokens", "text", "image", "sentences")


def __getattr__(name: str) -> Any:
    # timm, transformers and sentence-transformers take many seconds to import, and opening a picture needs none.
    if name in __all__:
        for module in _MODULES:
            found = getattr(import_module(f"encoders.{module}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
