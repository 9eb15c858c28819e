"""Emotion classification as a list of stages (paper, sections 3 to 5); docs/emotion.md draws it. No torch here."""

from pathlib import Path
from typing import Any

from experiments.plans import (
    Roles,
    Settings,
    free_settings,
    posts,
    pretrained,
    refuse_posts,
    refuse_set_by_plan,
    training,
)
from experiments.stages import Stage
from experiments.wiring import wired

# What each stage is told by the plan: setting -> its default, and what to use.
SET_BY_THE_PLAN = {"seed": (0, "use --seeds")}


def plan(settings: Settings, seed: int) -> list[Stage]:
    """Stages of one row and seed; the last one's folder has the row's metrics.

    Args:
        settings: resolved settings of the experiment; `protocol` is an `experiments.protocols.Emotion`.
        seed: of initial weights, order of posts, negatives and all else that is drawn.
    """
    protocol, data = settings["protocol"]["init_args"], settings["data"]["init_args"]
    _refuse(settings, protocol)
    free = free_settings(settings)
    roles = _posts(protocol, seed)
    pretrained(roles, protocol, seed, free, data["protocol"] if protocol["benchmark"] else None)
    own = {"posts": "{benchmark}", "encoder": protocol["image"]}
    roles["benchmark_pictures"] = wired("benchmark_pictures", "encode:pictures", own, roles, free)
    if protocol["words"]["vectors"]:
        roles["vectors"] = protocol["words"]["vectors"]
    own = {"posts": "{benchmark}", "protocol": data["protocol"], "seed": seed, **protocol["words"]}
    own["vectors"] = "{vectors}" if protocol["words"]["vectors"] else None
    roles["words"] = wired("words", "words:words", own, roles, free)
    made = {"network": _network, "fasttext": _fasttext, "late": _late}[protocol["classifier"]]
    return made(settings, roles, seed, free)


def _refuse(settings: Settings, protocol: Settings) -> None:
    refuse_set_by_plan(settings, SET_BY_THE_PLAN)
    data, model = settings["data"]["init_args"], settings["model"]["init_args"]
    lacking = [name for name in data["modalities"] if name not in model["encoders"]]
    if lacking:
        raise ValueError(f"data.modalities has {', '.join(lacking)}, model.encoders has {', '.join(model['encoders'])}")
    if protocol["benchmark"]:
        refuse_posts(Path(protocol["benchmark"]), data, model["average"])


def _posts(protocol: Settings, seed: int) -> Roles:
    """The benchmark; where encoders are pre-trained, posts for it: its own training posts or the network's corpus."""
    if protocol["benchmark"]:
        folder = str(protocol["benchmark"])
        return {"benchmark": folder, "corpus": folder}
    raw = {"benchmark": protocol["simulated"]} | ({"corpus": "corpus"} if protocol["pretrain"] else {})
    return posts(protocol, raw, seed)


def _network(settings: Settings, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """One model on the modalities that the data reads."""
    model, data = settings["model"], dict(settings["data"]["init_args"])
    arguments = dict(model["init_args"])
    arguments["encoders"] = {name: arguments["encoders"][name] for name in data["modalities"]}
    # what this row does not read is set aside, or rows that differ in nothing else would be trained apart
    for name, unread in (("image", ("image_features", "pixels_of")), ("text", ("words",))):
        if name not in data["modalities"]:
            data |= dict.fromkeys(unread)
    if data["pixels_of"]:
        data["image_features"] = None
    if arguments["auxiliary"] is None:
        data |= {"negatives": 0, "negatives_of": "text"}
    patience = settings["protocol"]["init_args"]["early_stop"]
    stop = {} if patience is None else {"monitor": "val/accuracy", "mode": "max", "patience": patience}
    model = {**model, "init_args": arguments}
    own = training(settings, model, data, seed, "val/accuracy", stop, views=True)
    return [wired("classifier", "train:train", own, roles, free)]


def _fasttext(settings: Settings, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """The paper's text classifier."""
    own = {**_scored(settings, seed), **settings["protocol"]["init_args"]["fasttext"]}
    return [wired("fasttext", "fasttext:fasttext", own, roles, free)]


def _late(settings: Settings, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """Each modality's own classifier, and their product."""
    inputs, modalities = {}, settings["data"]["init_args"]["modalities"]
    for name in modalities:
        by_fasttext = name == "text" and settings["protocol"]["init_args"]["late_text"] == "fasttext"
        (inputs[name],) = (_fasttext if by_fasttext else _network)(single(settings, name), roles, seed, free)
    own = {**_scored(settings, seed), "modalities": list(modalities)}
    return [*inputs.values(), wired("late", "late:late", own, roles, free, inputs)]


def single(settings: Settings, modality: str) -> Settings:
    """The settings of a modality's own classifier: its vector and one linear layer (Section 5.3)."""
    fusion = {"class_path": "lightning_modules.Concatenation", "init_args": {}}  # as a row's settings are resolved
    alone = {"fusion": fusion, "hidden_size": None, "auxiliary": None}
    model = {**settings["model"], "init_args": settings["model"]["init_args"] | alone}
    data = {**settings["data"], "init_args": settings["data"]["init_args"] | {"modalities": [modality]}}
    return {**settings, "model": model, "data": data}


def _scored(settings: Settings, seed: int) -> dict[str, Any]:
    """What stages that are no networks are told of the posts."""
    data, average = settings["data"]["init_args"], settings["model"]["init_args"]["average"]
    posts = {"benchmark": "{benchmark}", "task": data["task"], "protocol": data["protocol"]}
    return {**posts, "average": average, "seed": seed}
