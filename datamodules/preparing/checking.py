"""What every post is checked for, whatever it came from."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal

import msgspec

from datamodules.posts import Comment, Media, Post
from datamodules.preparing.records import Converted, Problem, Raw
from encoders.pictures import check_picture


class Refused(Exception):
    """A row can't be kept; its text is the cause."""


def check(root: Path, raw: Raw, converted: Converted) -> tuple[Post | None, list[Problem]]:
    """Return the post as it may be stored, or None, and all that is wrong with it.

    Args:
        root: media root, under which every picture must decode.
        raw: says where the record stands.
        converted: the format's result.
    """
    post, doubts = converted.post, [*raw.doubts, *converted.doubts]
    lost: dict[str, str] = {}  # path -> what is wrong with the file
    try:
        post = _clean(post, doubts)
        media = _sound_media(root, post.media or [], lost) or None
        comments = [_sound_comment(root, comment, lost) for comment in post.comments or []] or None
    except Refused as refusal:
        return None, [Problem(raw.file, raw.line, post.id, str(refusal))]
    if lost and media is None and not (post.text or post.title or post.ocr_text):
        path, fault = next(iter(lost.items()))
        return None, [Problem(raw.file, raw.line, post.id, f"{fault}, and no text", lost=path)]
    problems = [Problem(raw.file, raw.line, post.id, doubt, "kept") for doubt in doubts]
    problems += [Problem(raw.file, raw.line, post.id, fault, "kept", path) for path, fault in lost.items()]
    return msgspec.structs.replace(post, media=media, comments=comments), problems


def _clean(post: Post, doubts: list[str]) -> Post:
    """Without NULs and lone surrogates, which no Arrow string or tokenizer stands."""
    try:
        dirty = b"\\u0000" in msgspec.json.encode(post)
    except UnicodeEncodeError:
        dirty = True
    own = post.id.partition("/")[2]
    if not own or own != own.strip() or not own.isprintable():
        raise Refused(f"id: {own!r} is empty or not printable")
    if not dirty:
        return post
    doubts.append("NUL or lone surrogate: removed")
    return msgspec.convert(_printable(msgspec.to_builtins(post)), Post)


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return {key: _printable(item) for key, item in value.items()} if isinstance(value, dict) else value


def _sound_media(root: Path, media: Iterable[Media], lost: dict[str, str]) -> list[Media]:
    """Without the paths of lost files; what was said of a lost picture stays."""
    sound = []
    for medium in media:
        fault = medium.path and _fault(root, medium.path, medium.kind)
        if medium.path and fault:
            lost[medium.path] = fault
        if not fault:
            sound.append(medium)
        elif medium.descriptions or medium.attributes:
            sound.append(msgspec.structs.replace(medium, path=None))
    return sound


def _sound_comment(root: Path, comment: Comment, lost: dict[str, str]) -> Comment:
    if not comment.media:
        return comment
    faults = {path: _fault(root, path, kind_of(path)) for path in comment.media}
    lost |= {path: fault for path, fault in faults.items() if fault}
    return msgspec.structs.replace(comment, media=[path for path in comment.media if not faults[path]] or None)


def media_paths(post: Post) -> list[str]:
    """Files of a post and of its comments."""
    return [
        *(medium.path for medium in post.media or [] if medium.path),
        *(path for comment in post.comments or [] for path in comment.media or []),
    ]


@lru_cache(maxsize=100_000)  # posts share pictures (memes, retweets)
def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def forget() -> None:
    """Look at every file anew: an earlier data set of this process may have seen it otherwise."""
    _fault.cache_clear()
    file_digest.cache_clear()


def kind_of(path: str) -> Literal["image", "video"]:
    """ "video" or "image", by the file's ending."""
    return "video" if path.lower().endswith((".mp4", ".gif", ".webm", ".avi", ".mov", ".mkv", ".ts")) else "image"


@lru_cache(maxsize=100_000)
def _fault(root: Path, path: str, kind: str) -> str:
    """What is wrong with a file, or ""; a path that leaves the media root is refused."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).anchor or ".." in path.replace("\\", "/").split("/"):
        raise Refused(f"path outside: {path!r} is absolute or holds '..'")
    try:
        size = (root / path).stat().st_size if (root / path).is_file() else None
        if size is None:
            return f"{kind} missing: {path}"
        if kind == "image":
            check_picture(root / path)
        return "" if size else f"{kind} broken: {path} is empty"
    except (OSError, ValueError) as error:
        return f"{kind} broken: " + str(error).replace(f"{root}/", "")
