"""What is learned from: prepared posts, and one datamodule a paper."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.comment_aware import CommentAwareData

__all__ = ["CommentAwareData"]


def __getattr__(name: str) -> Any:
    # Lightning and transformers take seconds to import, and preparing posts needs neither.
    if name == "CommentAwareData":
        from datamodules.comment_aware import CommentAwareData

        return CommentAwareData
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
