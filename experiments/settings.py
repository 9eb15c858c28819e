"""From experiment, profile and command line to resolved settings; kept in the store, so that a plan needs no import."""

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from encoders.atomic import write_text
from experiments.names import config_files
from experiments.sources import PACKAGES, ROOT

DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")  # what a parser would import
LARGEST_CONFIG = 2**20  # bytes; larger files that words name are weights or data


def resolve(experiment: str, profile: str | None, overrides: Sequence[str], store: Path) -> dict[str, Any]:
    """All settings of one run as plain values: defaults < experiment < profile < `--config` files < command line.

    Raises:
        SystemExit: an option or a value is wrong; the message names it and the nearest known one.
    """
    defaults, overrides = merged_file(experiment, profile, store), files_first(overrides)
    cached = defaults.parent / f"{_digest(defaults, overrides)}.json"
    if cached.is_file():
        settings: dict[str, Any] = json.loads(cached.read_text())
        return settings
    from experiments.cli import parse  # imports torch and lightning: seconds

    settings = {**parse(defaults, overrides), "experiment": experiment}
    write_text(cached, json.dumps(settings, indent=1))
    return settings


def files_first(overrides: Sequence[str]) -> list[str]:
    """The words with `--config FILE` before single settings, which stand over files wherever they are written."""
    words, files, others = iter(overrides), list[str](), list[str]()
    for word in words:
        if word in ("--config", "-c"):
            files += [f"--config={next(words, '')}"]
        else:
            (files if word.startswith("--config=") else others).append(word)
    for path in (Path(word.removeprefix("--config=")) for word in files):
        if path.is_file():  # what is none, jsonargparse answers
            _plain_yaml(path)
    return files + others


def _plain_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SystemExit(f"error: {path}: not plain YAML: {error}") from error
    if not isinstance(content, dict | None):
        raise SystemExit(f"error: {path}: holds no settings (name: value)")
    return content or {}


def merged_file(experiment: str, profile: str | None, store: Path) -> Path:
    """The experiment's files as one YAML file in the store, so that `--help` and `--print_config` show its values."""
    merged: dict[str, Any] = {}
    for path in config_files(experiment, profile):
        merged = merge(merged, _plain_yaml(path))
    text = yaml.safe_dump(merged, sort_keys=False)
    target = store / ".settings" / f"{experiment}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, text)
    return target


def merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Nested values of `over` on those of `under`; another class path drops the arguments of the class it replaces."""
    result = dict(under)
    if under.get("class_path") != over.get("class_path", under.get("class_path")):
        result.pop("init_args", None)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merge(result[key], value) if both else value
    return result


def checkpoint_overrides(checkpoint: Path, known: Collection[str] = ()) -> list[str]:
    """A checkpoint's own hyper-parameters of the model, as overrides that stand below the command line.

    Only those of the model: never paths, devices or data.

    Args:
        checkpoint: of Lightning.
        known: class paths that may be built besides this project's encoders and modules.

    Raises:
        ValueError: the file is no checkpoint of plain values (it is never unpickled), or names a class of others.
    """
    from experiments.checkpoints import read_checkpoint

    values = read_checkpoint(checkpoint).get("hyper_parameters") or {}
    values = {key: value for key, value in values.items() if not key.startswith("_")}
    for word in _nested_words(values):
        if _is_built(word) and word not in known:
            raise ValueError(f"{checkpoint}: names {word!r}, no class of encoders or lightning_modules: not built")
    return [word for key, value in values.items() for word in _words(f"--model.init_args.{key}", value)]


def _is_built(word: str) -> bool:
    """Whether the parser would import or build something for this word, other than our own encoders and modules."""
    if DOTTED.fullmatch(word):
        return word.split(".", maxsplit=1)[0] not in ("encoders", "lightning_modules")
    try:
        return isinstance(yaml.safe_load(word), dict | list)
    except yaml.YAMLError:
        return True


def _nested_words(value: Any) -> list[str]:
    """Every string in nested values, weights' places left out as in `_words`."""
    if isinstance(value, dict):
        return [word for key, item in value.items() if key != "weights" for word in _nested_words(item)]
    if isinstance(value, list | tuple):
        return [word for item in value for word in _nested_words(item)]
    return [value] if isinstance(value, str) else []


def _words(name: str, value: Any) -> list[str]:
    """Overrides of one hyper-parameter and of those nested in it; weights are files of the machine that trained."""
    if isinstance(value, dict):
        return [word for key, item in value.items() if key != "weights" for word in _words(f"{name}.{key}", item)]
    return [f"{name}={value if isinstance(value, str) else json.dumps(value)}"]


def _digest(defaults: Path, overrides: Sequence[str]) -> str:
    """Over all that parsing depends on: the merged file, the words, the files they name, our signatures."""
    digest = hashlib.sha256(defaults.read_bytes())
    digest.update(f"{version('jsonargparse')} {version('lightning')}\0".encode())
    for word in overrides:
        digest.update(f"{word}\0".encode())
        named = Path(word.split("=", 1)[-1])
        if len(str(named)) < 256 and named.is_file() and named.stat().st_size < LARGEST_CONFIG:
            digest.update(named.read_bytes())
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            stat = path.stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]
