"""Pictures that belong to a post by their name."""

import hashlib
from collections.abc import Collection
from pathlib import Path

_ENDINGS = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}


def pictures_by_name(root: Path, folder: str, without: Collection[str] = ()) -> dict[str, list[str]]:
    """Paths below `root` of each name's pictures: `folder/NAME.jpg` (or other ending), then `folder/NAME/*` sorted.

    Args:
        root: media root.
        folder: below the root; one that isn't there holds nothing.
        without: folders in it that belong to no name.
    """
    found: dict[str, list[str]] = {}
    entries = sorted((root / folder).iterdir()) if (root / folder).is_dir() else []
    pictures = [path for path in entries if _is_picture(path)]
    for path in pictures:
        found.setdefault(path.stem, []).append(str(path.relative_to(root)))
    for path in entries:
        if not _is_picture(path) and path.name not in without and path.is_dir():
            inner = [str(file.relative_to(root)) for file in sorted(path.iterdir()) if _is_picture(file)]
            if inner:
                found.setdefault(path.name, []).extend(inner)
    return found


def names_digest(names: object) -> str:
    """Hash of what `pictures_by_name` found, since a picture put in place later changes which posts are kept."""
    return hashlib.sha256(ascii(names).encode()).hexdigest()


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _ENDINGS and not path.name.startswith(".")
