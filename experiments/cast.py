"""CAST as a list of stages (paper, sections 3 and 4.2); docs/cast.md draws it. Nothing here imports torch."""

from pathlib import Path
from typing import Any

from experiments.plans import Roles, free_settings, posts, pretrained, refuse_posts, refuse_set_by_plan, training
from experiments.stages import Stage
from experiments.wiring import wired

# What only a student reads of the data's settings: a teacher is the same with any of them, and rows share it.
STUDENT_ONLY = ("corpus_image_features", "unlabelled_posts", "comment_drop", "drop_on", "unlabelled_order")

FUNCTIONS = {"teacher": "train:train", "student": "self_training:student", "refit": "self_training:refit"}

# What each stage is told by the plan: setting -> its default, and what to use.
SET_BY_THE_PLAN = {
    "use_comments": (True, "use --model.comments"),
    "seed": (0, "use --seeds"),
    "predict_part": ("test", "use the actions validate, test and predict"),
    "pseudo_labels": (None, "the teacher's stage makes them"),
}


def plan(settings: dict[str, Any], seed: int) -> list[Stage]:
    """Stages of one row and seed; the last one's folder has the row's metrics.

    Args:
        settings: resolved settings of the experiment; `protocol` is an `experiments.protocols.Cast`.
        seed: of initial weights, order of posts and dropped comments.
    """
    protocol = settings["protocol"]["init_args"]
    _refuse(settings, protocol)
    free = free_settings(settings)
    roles = posts(protocol, {"benchmark": settings["data"]["init_args"]["task"], "corpus": "corpus"}, seed)
    pretrained(roles, protocol, seed, free)
    _encoded(roles, protocol, free)
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
    refuse_set_by_plan(settings, SET_BY_THE_PLAN)
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
        refuse_posts(Path(protocol["benchmark"]), data, settings["model"]["init_args"]["average"])


def _encoded(roles: Roles, protocol: dict[str, Any], free: dict[str, Any]) -> None:
    """Frozen features of pictures, texts and comments."""
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
    data["use_comments"] = comments
    if "teacher" not in before:
        for key in STUDENT_ONLY:
            data.pop(key, None)
        if not comments:  # else the corpus is known by name, which says what a row is comparable with
            data["retrieved"] = data["corpus"] = None
    patience = settings["protocol"]["init_args"]["early_stop"]
    stop = {} if patience is None else {"monitor": "val/loss", "mode": "min", "patience": patience}
    own = training(settings, settings["model"], data, seed, "val/f1", stop)
    return wired(name, FUNCTIONS[name.split("_", maxsplit=1)[0]], own, roles, free, before)
