"""What is learned from: prepared posts, and one datamodule a paper."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.comment_aware import CommentAwareData
    from datamodules.du2mce import TimelinesData
    from datamodules.emotion import EmotionData
    from datamodules.pins import PinsData

__all__ = ["CommentAwareData", "EmotionData", "PinsData", "TimelinesData"]

_MODULES = {
    "CommentAwareData": "comment_aware",
    "EmotionData": "emotion",
    "PinsData": "pins",
    "TimelinesData": "du2mce",
}


def __getattr__(name: str) -> Any:
    # Lightning and transformers take seconds to import, and preparing posts needs neither.
    if name in _MODULES:
        return getattr(import_module(f"datamodules.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
