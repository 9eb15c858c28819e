"""Users' timelines as numbers of words, pictures and users, made from prepared posts (DU2MCE, section 4.1)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datamodules.timelines.corpus import Timelines
from datamodules.timelines.settings import Accounts, Pictures, Shares, Texts

if TYPE_CHECKING:
    from datamodules.timelines.texts import TextPipeline
    from datamodules.timelines.writing import write_timelines

__all__ = ["Accounts", "Pictures", "Shares", "TextPipeline", "Texts", "Timelines", "write_timelines"]

_LATE = {"TextPipeline": "texts", "write_timelines": "writing"}


def __getattr__(name: str) -> Any:
    # who reads a corpus needs no lemmatiser and no Faiss
    if name in _LATE:
        return getattr(import_module(f"datamodules.timelines.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
