"""CAST as a list of stages (paper, sections 3 and 4.2); docs/cast.md draws it. Nothing here imports torch."""

import json
from pathlib import Path
from typing import Any

from experiments.stages import Stage
from experiments.wiring import split_trainer, wired

# What only a student reads of the data's settings: a teacher is the same with any of them, and rows share it.
STUDENT_ONLY = ("corpus_image_features", "unlabelled_posts", "comment_drop", "drop_on", "unlabelled_order")

# What each stage is told by the plan: setting -> its default, and what to use.
SET_BY_THE_PLAN = {
    "use_comments": (True, "use --model.comments"),
    "seed": (0, "use --seeds"),
    "predict_part": ("test", "use the actions validate, test and predict"),
    "pseudo_labels": (None, "the teacher's stage makes them"),
}

Roles = dict[str, Stage | str]


def plan(settings: dict[str, Any], seed: int) -> list[Stage]:
    """Stages of one row and seed; the last one's folder has the row's metrics.

    Args:
        settings: resolved settings of the experiment; `protocol` is an `experiments.protocols.Cast`.
        seed: of initial weights, order of posts and dropped comments.
    """
    protocol = settings["protocol"]["init_args"]
    _refuse(settings, protocol)
    free = {
        "trainer": split_trainer(settings["trainer"])[1],
        "wandb": settings["wandb"],
        "experiment": settings["experiment"],
        "num_workers": _workers(settings),
    }
    roles = _posts(settings, protocol, seed)
    _encoded(roles, protocol, seed, free)
    _retrieved(roles, settings, protocol, free)
    stages = [_trained("teacher", roles, settings, seed, free)]
    for iteration in range(1, protocol["iterations"] + 1):
        stages.append(_trained(f"student_{iteration}", roles, settings, seed, free, teacher=stages[-1]))
        if protocol["refit_teacher"] and iteration < protocol["iterations"]:
            stages.append(_trained(f"refit_{iteration}", roles, settings, seed, free, start=stages[-1]))
    return stages


def _refuse(settings: dict[str, Any], protocol: dict[str, Any]) -> None:
    """Settings that would be ignored, don't go together, or name a split that isn't there."""
    data, retrieval = settings["data"]["init_args"], protocol["retrieval"]
    for name, (default, instead) in SET_BY_THE_PLAN.items():
        if data[name] != default:
            raise ValueError(f"data.{name} is set by the plan; {instead}")
    if protocol["index"]["distance"] not in ("cosine", retrieval["distance"]):
        raise ValueError("protocol.index.distance is set by the plan; use --protocol.retrieval.distance")
    for name, most in (("num_comments", "num_comments"), ("unlabelled_posts", "posts")):
        if data[name] > retrieval[most]:
            raise ValueError(
                f"data.{name}={data[name]} of the {retrieval[most]} that are retrieved: "
                f"raise --protocol.retrieval.{most} as well"
            )
    if bool(protocol["benchmark"]) != bool(protocol["corpus"]):
        missing = "corpus" if protocol["benchmark"] else "benchmark"
        raise ValueError(f"simulated posts and your own don't mix: give --protocol.{missing} as well")
    if protocol["benchmark"]:
        _refuse_posts(Path(protocol["benchmark"]), data, settings["model"]["init_args"]["average"])


def _refuse_posts(folder: Path, data: dict[str, Any], average: str) -> None:
    """A benchmark that lacks the task, the classes or the split; said before anything runs."""
    card = folder / "dataset.json"
    if not card.is_file():
        raise FileNotFoundError(f"{card}: no prepared data set; `python -m datamodules.prepare` makes one")
    tasks = json.loads(card.read_text("utf-8")).get("tasks", {})
    if data["task"] not in tasks:
        raise ValueError(f"{folder}: no task {data['task']!r}; use --data.task with one of: {', '.join(tasks)}")
    classes = len(tasks[data["task"]])
    if average == "binary" and classes != 2:
        raise ValueError(f"{folder}: {data['task']} has {classes} classes, not 2; use --model.average=weighted")
    if not (folder / "splits" / f"{data['protocol']}.parquet").is_file():
        there = ", ".join(sorted(path.stem for path in (folder / "splits").glob("*.parquet")))
        raise ValueError(f"{folder}: no split {data['protocol']!r}; use --data.protocol with one of: {there or 'none'}")


def _posts(settings: dict[str, Any], protocol: dict[str, Any], seed: int) -> Roles:
    """Benchmark and corpus: prepared folders that the user names, or made from the simulated network."""
    roles: Roles = {name: protocol[name] for name in ("benchmark", "corpus") if protocol[name]}
    network = dict(protocol["network"])
    if protocol["network_follows_seed"]:
        network["seed"] = seed
    raw = {"benchmark": settings["data"]["init_args"]["task"], "corpus": "corpus"}
    for name in ("benchmark", "corpus"):
        if name not in roles:
            roles["network"] = Stage("network", "experiments.steps.simulate:simulate", network)
            made = {"raw": "{network}", "part": raw[name]}
            roles[name] = wired(name, "simulate:posts", made, roles)
    return roles


def _encoded(roles: Roles, protocol: dict[str, Any], seed: int, free: dict[str, Any]) -> None:
    """Frozen features of pictures, texts and comments."""
    if protocol["pretrain"]:
        own = {"posts": "{corpus}", "seed": seed if protocol["network_follows_seed"] else 0}
        roles["pretrain"] = wired("pretrain", "encode:pretrain", own, roles, free)
    for name in ("benchmark", "corpus"):
        for kind in ("image", "sentences"):
            own = {"posts": f"{{{name}}}", "encoder": protocol[kind]}
            roles[f"{name}_{kind}"] = wired(f"{name}_{kind}", f"encode:{kind}", own, roles, free)


def _retrieved(roles: Roles, settings: dict[str, Any], protocol: dict[str, Any], free: dict[str, Any]) -> None:
    distance = protocol["retrieval"]["distance"]
    own = {"corpus": "{corpus}", "image": "{corpus_image}", "sentences": "{corpus_sentences}"}
    roles["index"] = wired("index", "retrieve:index", {**own, **protocol["index"], "distance": distance}, roles, free)
    own = {
        "benchmark": "{benchmark}",
        "corpus": "{corpus}",
        "image": "{benchmark_image}",
        "sentences": "{benchmark_sentences}",
        "index": "{index}",
        "protocol": settings["data"]["init_args"]["protocol"],
        "retrieval": protocol["retrieval"],
    }
    roles["retrieve"] = wired("retrieve", "retrieve:retrieve", own, roles, free)
    if protocol["store_texts"]:
        # Controls move comments between posts and change none: their texts are those of the plain retrieval.
        plain = {**protocol["retrieval"], "comment_control": "none", "unlabelled_control": "none"}
        retrieve = wired("retrieve", "retrieve:retrieve", own | {"retrieval": plain}, roles, free)
        own = {name: f"{{{name}}}" for name in ("benchmark", "corpus", "retrieve")}
        data = settings["data"]["init_args"]
        encoder = {key: data[key] for key in ("max_tokens", "num_comments")}
        encoder["text_encoder"] = protocol["text_encoder"]
        roles["texts"] = wired("texts", "encode:texts", own | encoder, roles | {"retrieve": retrieve}, free)


def _trained(
    name: str,
    roles: Roles,
    settings: dict[str, Any],
    seed: int,
    free: dict[str, Any],
    **before: Stage,
) -> Stage:
    """Teacher (nothing before it), student (a teacher before it) or refitted student (starts from the one before)."""
    data = dict(settings["data"]["init_args"])
    comments = settings["model"]["init_args"]["comments"]
    data |= {"use_comments": comments, "seed": seed}
    data.pop("num_workers", None)
    if "teacher" not in before:
        for key in STUDENT_ONLY:
            data.pop(key, None)
        if not comments:  # else the corpus is known by name, which says what a row is comparable with
            data["retrieved"] = data["corpus"] = None
    own = {
        "model": settings["model"],
        "data": {**settings["data"], "init_args": data},
        "trainer": split_trainer(settings["trainer"])[0],
        "early_stop": settings["protocol"]["init_args"]["early_stop"],
        "seed": seed,
    }
    return wired(name, f"train:{name.split('_', maxsplit=1)[0]}", own, roles, free, before)


def _workers(settings: dict[str, Any]) -> int:
    return int(settings["data"]["init_args"].get("num_workers") or 0)
