"""Folders that are either whole or not there, and that say what made them."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from encoders.atomic import sync


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield `<folder>.partial` to write into; it becomes `folder` only if the block ends well.

    Leftovers of a killed writer are removed first. Raises FileExistsError if `folder` is there already.
    """
    if folder.exists():
        raise FileExistsError(f"{folder}: already there; open it, remove it or name another folder")
    partial = folder.with_name(folder.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    yield partial
    for path in sorted(partial.rglob("*")):
        sync(path)
    sync(partial)
    partial.replace(folder)
    sync(folder.parent)


def read_json(path: Path, way_out: str) -> dict[str, Any]:
    """Read a JSON object; a missing or broken file is an error that names the file and `way_out`."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there or not finished; {way_out}")
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: no JSON ({error}); {way_out}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: holds no JSON object; {way_out}")
    return content


def plain(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return `key` as it reads back from JSON (tuples become lists)."""
    return json.loads(json.dumps(key))


def check_key(path: Path, stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise ValueError naming each entry in which the stored key differs from the wanted one."""
    have, want = _flat(stored), _flat(plain(wanted))
    differing = [
        f"{name} is {have.get(name, 'absent')!r}, wanted {want.get(name, 'absent')!r}"
        for name in sorted(have.keys() | want.keys())
        if name not in have or name not in want or have[name] != want[name]
    ]
    if differing:
        raise ValueError(f"{path}: made by something else: {'; '.join(differing)}; remove it or name another folder")


def _flat(key: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in key.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
