"""Users, pictures and texts in one space as a list of stages (DU2MCE, sections 3 and 4).

docs/du2mce.md draws it. No torch here.
"""

from pathlib import Path
from typing import Any

from experiments.plans import (
    OTHER_WEIGHTS,
    Roles,
    Settings,
    free_settings,
    posts,
    pretrained,
    read_card,
    refuse_set_by_plan,
    training,
)
from experiments.stages import Stage
from experiments.wiring import wired

# What each stage is told by the plan: setting -> its default, and what to use.
SET_BY_THE_PLAN = {"seed": (0, "use --seeds")}
MONITOR = "val/joint"  # Section 4.3: sum of normalised mean median ranks
# Bridging-Modality (Section 4.6): texts and users first, then pictures are put beside the texts, which stay
FIRST = [{"anchor": "text", "other": "user", "weight": 1.0}]
SECOND = [{"anchor": "image", "other": "text", "weight": 1.0}]
UNTRAINED = {
    "average_text": "ranks:average_texts",
    "average_image": "ranks:average_pictures",
    "chance": "ranks:chance",
}


def plan(settings: Settings, seed: int) -> list[Stage]:
    """Stages of one row and seed; the last one's folder has the row's ranks.

    Args:
        settings: resolved settings of the experiment; `protocol` is an `experiments.protocols.Du2mce`.
        seed: of initial weights and order of posts.
    """
    refuse_set_by_plan(settings, SET_BY_THE_PLAN)
    protocol, free = settings["protocol"]["init_args"], free_settings(settings)
    roles, name = _posts(protocol, seed)
    _corpus(roles, protocol, seed, free)
    facts = {"posts": "{posts}", "name": name, "simulated": name.startswith("simulated")}
    if protocol["source"] in UNTRAINED:
        stages = [_untrained(settings, facts, roles, seed, free)]
    else:
        stages = _networks(settings, roles, seed, free)
        own = stages[-1].settings | {"start": None, "checkpoint": "{trained}/best.ckpt", **facts}
        stages.append(wired("ranks", "ranks:ranks", own, roles, free, {"trained": stages[-1]}))
    if protocol["source"] != "chance":  # which leaves no vectors
        stages += _of_users(protocol, stages[-1], roles, seed, free)
    return stages


def _of_users(protocol: Settings, ranks: Stage, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """What is asked of the users' vectors."""
    stages, common = [ranks], {"timelines": "{timelines}", "seed": _data_seed(protocol, seed)}
    if protocol["interests"]:
        own = {name: protocol[name] for name in ("answers", "folds", "C")}
        own |= {"posts": "{posts}", "ranks": "{ranks}", **common}
        stages.append(wired("interests", "interests:interests", own, roles, free, {"ranks": ranks}))
    if protocol["clusters"]:
        if "network" not in roles:
            raise ValueError("protocol.clusters: only the simulated network knows its users' main interests")
        own = {"clusters": protocol["clusters"], "truth": "{network}/raw/truth.parquet", **common}
        inputs = {"ranks": ranks, "row": stages[-1]}
        stages.append(
            wired("clusters", "clusters:clusters", own | {"users": "{ranks}", "row": "{row}"}, roles, free, inputs)
        )
    return stages[1:]


def _posts(protocol: Settings, seed: int) -> tuple[Roles, str]:
    """The prepared posts, with those that a small encoder is trained on, and the data set's name."""
    if protocol["posts"]:
        name = str(read_card(Path(protocol["posts"]))["name"])
        if protocol["pretrain"]:
            raise ValueError(f"protocol.pretrain trains the demo's encoder on simulated posts alone: {OTHER_WEIGHTS}")
        return {"posts": str(protocol["posts"])}, name
    if not protocol["network"]["timelines"]:
        raise ValueError(
            "no posts: give prepared ones, --protocol.posts=FOLDER (`python -m datamodules.prepare timelines RAW "
            "FOLDER` makes them), or --profile demo for simulated ones"
        )
    raw = {"posts": "timelines"} | ({"corpus": "corpus"} if protocol["pretrain"] else {})
    return posts(protocol, raw, seed), "simulated_timelines"


def _data_seed(protocol: Settings, seed: int) -> int:
    return seed if protocol["network_follows_seed"] else 0


def _corpus(roles: Roles, protocol: Settings, seed: int, free: Settings) -> None:
    """Pictures' features, the corpus, vectors of its words, and where its users start."""
    pretrained(roles, protocol, seed, free)
    own: dict[str, Any] = {"posts": "{posts}", "encoder": protocol["image"]}
    roles["pictures"] = wired("pictures", "encode:pictures", own, roles, free)
    own = {name: protocol[name] for name in ("accounts", "texts", "pictures", "shares")}
    own |= {"posts": "{posts}", "features": "{pictures}/features", "seed": _data_seed(protocol, seed)}
    roles["timelines"] = wired("timelines", "timelines:timelines", own, roles, free)
    own = {"timelines": "{timelines}", "seed": _data_seed(protocol, seed)}
    roles["word_vectors"] = wired("word_vectors", "timelines:word_vectors", own | protocol["vectors"], roles, free)
    own |= {"words": "{word_vectors}"}
    for role, start in (("user_start", protocol["user_start"]), ("user_means", "mean")):
        roles[role] = wired("user_start", "timelines:user_start", own | {"start": start}, roles, free)


def _untrained(settings: Settings, facts: Settings, roles: Roles, seed: int, free: Settings) -> Stage:
    """A row without any training: users are means of their words or pictures (Section 4.6), or the order is random."""
    protocol = settings["protocol"]["init_args"]
    data = {name: value for name, value in settings["data"]["init_args"].items() if name != "num_workers"}
    own = {"data": data, "seed": _data_seed(protocol, seed), **facts}
    if protocol["source"] == "chance":
        own |= {"clusters": protocol["clusters"]}
    if protocol["source"] == "average_text":
        own |= {"words": "{word_vectors}", "users": "{user_means}"}
    return wired("ranks", UNTRAINED[protocol["source"]], own, roles, free)


def _networks(settings: Settings, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """The trainings of a row: one, or for Bridging-Modality two, of which the first is the row (1, 0, 0)."""
    if settings["protocol"]["init_args"]["source"] == "network":
        return [wired("embed", "users:train", _network(settings, {}, seed), roles, free)]
    if settings["model"]["init_args"]["frozen"]:
        raise ValueError(
            "model.frozen is set by the plan of --protocol.source=bridging; a checkpoint of that row brings its own: "
            "leave out the source beside --ckpt_path"
        )
    first = wired("embed", "users:train", _network(settings, {"pairs": FIRST}, seed), roles, free)
    own = _network(settings, {"pairs": SECOND, "frozen": ["text", "user"]}, seed) | {"start": "{first}/best.ckpt"}
    return [first, wired("bridge", "users:train", own, roles, free, {"first": first})]


def _network(settings: Settings, own: Settings, seed: int) -> Settings:
    """What a training is told; `own` stands over the model's arguments."""
    data = dict(settings["data"]["init_args"])
    arguments = settings["model"]["init_args"] | {"tasks": data["tasks"]} | own
    patience = settings["protocol"]["init_args"]["early_stop"]
    stop = {} if patience is None else {"monitor": MONITOR, "mode": "min", "patience": patience}
    model = {**settings["model"], "init_args": arguments}
    return training(settings, model, data, seed, MONITOR, stop, mode="min") | {"start": None}
