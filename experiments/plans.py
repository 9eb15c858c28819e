"""What the papers' plans share: posts from folders or from the simulated network, and a training stage's settings."""

import json
from pathlib import Path
from typing import Any

from experiments.stages import Stage
from experiments.wiring import roles_in, split_trainer, wired

Roles = dict[str, Stage | str]
Settings = dict[str, Any]
OTHER_WEIGHTS = (
    "take --profile offline with --protocol.image.weights=FILE for weights of this machine, or no profile for the hub's"
)


def free_settings(settings: Settings) -> Settings:
    """Devices, workers, loggers: what stages read but no result depends on."""
    return {
        "trainer": split_trainer(settings["trainer"])[1],
        "wandb": settings["wandb"],
        "experiment": settings["experiment"],
        "num_workers": int(settings["data"]["init_args"].get("num_workers") or 0),
    }


def refuse_set_by_plan(settings: Settings, names: dict[str, tuple[Any, str]]) -> None:
    """ValueError for settings of the data that the plan itself sets: name -> (its default, what to use)."""
    for name, (default, instead) in names.items():
        if settings["data"]["init_args"][name] != default:
            raise ValueError(f"data.{name} is set by the plan; {instead}")


def read_card(folder: Path) -> dict[str, Any]:
    """What a prepared data set says of itself; FileNotFoundError where there is none."""
    path = folder / "dataset.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no prepared data set; `python -m datamodules.prepare` makes one")
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return card


def refuse_posts(folder: Path, data: Settings, average: str) -> None:
    """A benchmark that lacks the task, the classes or the split; said before anything runs."""
    tasks = read_card(folder).get("tasks", {})
    if data["task"] not in tasks:
        raise ValueError(f"{folder}: no task {data['task']!r}; use --data.task with one of: {', '.join(tasks)}")
    classes = len(tasks[data["task"]])
    if average == "binary" and classes != 2:
        raise ValueError(f"{folder}: {data['task']} has {classes} classes, not 2; use --model.average=weighted")
    if not (folder / "splits" / f"{data['protocol']}.parquet").is_file():
        there = ", ".join(sorted(path.stem for path in (folder / "splits").glob("*.parquet")))
        raise ValueError(f"{folder}: no split {data['protocol']!r}; use --data.protocol with one of: {there or 'none'}")


def posts(protocol: Settings, raw: dict[str, str], seed: int) -> Roles:
    """Prepared folders that the user names, or made from the simulated network.

    Args:
        protocol: settings of the paper's protocol; it names the folders, and has `network`, `network_follows_seed`.
        raw: role -> folder of the network's raw layout that stands in for it.
        seed: of the run.
    """
    roles: Roles = {name: protocol[name] for name in raw if protocol.get(name)}
    network = dict(protocol["network"])
    if protocol["network_follows_seed"]:
        network["seed"] = seed
    for name, part in raw.items():
        if name not in roles:
            roles["network"] = Stage("network", "experiments.steps.simulate:simulate", network)
            roles[name] = wired(name, "simulate:posts", {"raw": "{network}", "part": part}, roles)
    return roles


def pretrained(roles: Roles, protocol: Settings, seed: int, free: Settings, split: str | None = None) -> None:
    """Small encoders for runs without any weights, trained on the corpus (`protocol.pretrain`).

    With `split` the corpus is a benchmark, and only its training posts are looked at.

    Raises:
        ValueError: settings ask for encoders that are not trained.
    """
    if not protocol["pretrain"] and "pretrain" in roles_in(protocol):
        raise ValueError('weights are "{pretrain}/...", but protocol.pretrain is off; ' + OTHER_WEIGHTS)
    if protocol["pretrain"]:
        own = {"posts": "{corpus}", "split": split, "seed": seed if protocol["network_follows_seed"] else 0}
        roles["pretrain"] = wired("pretrain", "encode:pretrain", own, roles, free)


def training(
    settings: Settings,
    model: Settings,
    data: Settings,
    seed: int,
    monitor: str,
    stop: Settings,
    views: bool = False,
    mode: str = "max",
) -> Settings:
    """What a training stage reads, for `steps.train.build`.

    Args:
        settings: of the whole experiment.
        model: class path and arguments of the model.
        data: arguments of the datamodule.
        seed: of initial weights, order of posts and all else that is drawn.
        monitor: validation metric of which the best epoch is kept.
        stop: arguments of `StopEarly`; {} trains all epochs.
        views: measure it with one modality alone as well.
        mode: whether a larger (`max`) or a smaller (`min`) monitor is better.
    """
    data = {key: value for key, value in data.items() if key != "num_workers"}
    return {
        "model": model,
        "data": {**settings["data"], "init_args": data | {"seed": seed}},
        "trainer": split_trainer(settings["trainer"])[0],
        "monitor": monitor,
        "mode": mode,
        "early_stop": stop,
        "views": views,
        "seed": seed,
    }
