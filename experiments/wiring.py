"""How settings name what other stages made: "{retrieve}" or "{pretrain}/text" stands for a folder."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.stages import Stage

ROLE = re.compile(r"^\{(\w+)\}")

WEIGHTS = ("weights", "tokenizer")  # settings that may name local weights

# Trainer settings that no result depends on: not in a fingerprint.
FREE_TRAINER = (
    *("accelerator", "strategy", "devices", "num_nodes", "logger", "log_every_n_steps", "enable_checkpointing"),
    *("enable_progress_bar", "enable_model_summary", "default_root_dir", "profiler", "plugins", "barebones"),
    *("use_distributed_sampler", "num_sanity_val_steps", "enable_autolog_hparams", "model_registry", "detect_anomaly"),
)


def split_trainer(trainer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Trainer settings that results depend on (precision among them), and those that are free."""
    given = {key: value for key, value in trainer.items() if value is not None}
    free = {key: given.pop(key) for key in FREE_TRAINER if key in given}
    return given, free


def roles_in(settings: Any) -> set[str]:
    """Every role that nested settings name."""
    if isinstance(settings, dict):
        return {role for value in settings.values() for role in roles_in(value)}
    if isinstance(settings, list):
        return {role for value in settings for role in roles_in(value)}
    found = ROLE.match(settings) if isinstance(settings, str) else None
    return {found[1]} if found else set()


def filled(settings: Any, folders: Mapping[str, Path]) -> Any:
    """The settings with every role replaced by its folder.

    Raises:
        KeyError: no stage or file has that role; names it and the known ones.
    """
    if isinstance(settings, dict):
        return {key: filled(value, folders) for key, value in settings.items()}
    if isinstance(settings, list):
        return [filled(value, folders) for value in settings]
    found = ROLE.match(settings) if isinstance(settings, str) else None
    if not found:
        return settings
    if found[1] not in folders:
        raise KeyError(f'"{settings}": no stage of that name is before this one; known: {", ".join(sorted(folders))}')
    return str(folders[found[1]]) + settings[found.end() :]


def wired(
    name: str,
    function: str,
    settings: dict[str, Any],
    roles: Mapping[str, Stage | str],
    free: dict[str, Any] | None = None,
    inputs: Mapping[str, Stage] | None = None,
) -> Stage:
    """A stage whose inputs and outside files are the roles that its settings name, besides `inputs`.

    Local weights (any value under `weights` or `tokenizer`) become roles too: they count by content, wherever they lie.
    """
    local: dict[str, str] = {}  # path -> role
    settings = _by_role(settings, local)
    used = {role: roles[role] for role in sorted(roles_in(settings)) if role in roles}
    stages = {role: value for role, value in used.items() if isinstance(value, Stage)}
    files = {role: value for role, value in used.items() if isinstance(value, str)}
    files |= {role: str(Path(path).expanduser()) for path, role in local.items()}
    return Stage(name, f"experiments.steps.{function}", settings, {**stages, **(inputs or {})}, files, free or {})


def _by_role(settings: Any, roles: dict[str, str]) -> Any:
    """The settings with local weights named "{role}"; `roles` gains each path's role."""
    if not isinstance(settings, dict):
        return settings
    named = {}
    for name, value in settings.items():
        if name in WEIGHTS and isinstance(value, str) and value and Path(value).expanduser().exists():
            named[name] = f"{{{roles.setdefault(value, f'weights{len(roles)}')}}}"
        else:
            named[name] = _by_role(value, roles)
    return named
