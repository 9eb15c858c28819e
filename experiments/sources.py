"""Which of the project's own files a module runs, found without importing anything."""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("encoders", "retrieval", "lightning_modules", "datamodules", "experiments")


def source_digest(*modules: str) -> str:
    """Digest of the named modules and of all modules of the project that they import, at any depth.

    `from package import Name` counts the module that defines Name, not all that the package exports, so that an edit
    to one encoder doesn't touch stages that run another.
    """
    files = sorted(reachable(frozenset(modules)))
    lines = [f"{os.path.relpath(file, ROOT)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def reachable(modules: frozenset[str]) -> set[Path]:
    """Files of the project that the modules (or "package.Class" exports) run."""
    todo, found = list(modules), set[Path]()
    while todo:
        file, name = _locate(todo.pop())
        if file is None:
            continue
        origins = _origins(file, name) if file.name == "__init__.py" and name else []
        todo += origins
        if not origins and file not in found:
            found.add(file)
            todo.extend(_imports(file))
    return found


def class_paths(settings: Any) -> list[str]:
    """Every class path of this project that nested settings name."""
    if isinstance(settings, dict):
        own = [settings["class_path"]] if isinstance(settings.get("class_path"), str) else []
        return own + [path for value in settings.values() for path in class_paths(value)]
    if isinstance(settings, list):
        return [path for value in settings for path in class_paths(value)]
    return []


def _locate(dotted: str) -> tuple[Path | None, str]:
    """File of "package.module", or package and the name asked of it for "package.Name"."""
    parts = dotted.split(".")
    root = ROOT if parts[0] in PACKAGES else Path.cwd()  # a user's own class counts as well; installed ones don't
    for end in range(len(parts), 0, -1):
        base = root.joinpath(*parts[:end])
        if base.with_suffix(".py").is_file():
            return base.with_suffix(".py"), ""
        if (base / "__init__.py").is_file():
            return base / "__init__.py", parts[end] if end < len(parts) else ""
    return None, ""


@cache
def _statements(file: Path) -> list[ast.stmt | ast.expr]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]


def _imports(file: Path) -> list[str]:
    names = []
    for node in _statements(file):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _origins(package: Path, name: str) -> list[str]:
    """Where a package's `__init__` takes a name from; nowhere where it defines the name itself."""
    return [dotted for dotted in _imports(package) if dotted.rsplit(".", 1)[1] == name]
