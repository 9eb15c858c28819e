"""Word embeddings from pictures and their descriptions as a list of stages (Pins, sections 3 to 5).

docs/pins.md draws it. No torch here.
"""

from pathlib import Path
from typing import Any

from experiments.names import did_you_mean
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
WEIGHT = 0.1  # of `lightning_modules.visual`, whose torch no plan imports: model.visual.weight where nobody has set it
PUBLISHED = ("google_news", "glove_twitter")  # rows of Table 3, n/a until their files are given
HELD_OUT = {"count": 2000, "rounds": 20}  # triplets of held-out descriptions that choose lambda, and of one picture
CAPTIONS = {"count": 5000, "rounds": 5}  # those that are scored


def plan(settings: Settings, seed: int) -> list[Stage]:
    """Stages of one row and seed; the last one's folder has the row's scores.

    Args:
        settings: resolved settings of the experiment; `protocol` is an `experiments.protocols.Pins`.
        seed: of initial weights, order of sentences, negatives.
    """
    refuse_set_by_plan(settings, SET_BY_THE_PLAN)
    protocol, free = settings["protocol"]["init_args"], free_settings(settings)
    _refuse_scored_choice(protocol)
    data_seed = seed if protocol["network_follows_seed"] else 0
    roles, name = _pins(protocol, seed)
    own = {"posts": "{pins}", "split": protocol["split"], "validation_images": protocol["validation_images"]}
    own |= {"cleaning": protocol["cleaning"], "vocabulary": protocol["vocabulary"], "seed": data_seed}
    roles["sentences"] = wired("sentences", "corpus:corpus", own, roles, free)
    _bits(roles, protocol, seed, free)
    own = {"triplets": _triplets(roles, protocol, data_seed, free), "name": name}
    own |= {"similarity": "{similarity}" if protocol["similarity"] else None}
    own |= {"simulated": name.startswith("simulated"), "separator": protocol["cleaning"]["separator"]}
    stages = _embeddings(settings, roles, seed, free)
    own["embeddings"] = _published(protocol, roles) if not stages else "{embeddings}"
    inputs = {"embeddings": stages[-1]} if stages else {}
    return [*stages, wired("scores", "scoring:scoring", own, roles, free, inputs)]


def _refuse_scored_choice(protocol: Settings) -> None:
    """The descriptions that choose lambda must not be those that are scored."""
    if protocol["caption_part"] == "validation" and len(protocol["weights"] or ()) > 1:
        raise ValueError(
            "protocol.caption_part=validation: those descriptions choose lambda; use --protocol.caption_part=test with "
            "a split that has a test part, or one lambda alone (--protocol.weights=[0.1])"
        )


def _pins(protocol: Settings, seed: int) -> tuple[Roles, str]:
    """The prepared posts, with those that a small encoder is trained on, and the data set's name."""
    if protocol["pins"]:
        name = str(read_card(Path(protocol["pins"]))["name"])
        if protocol["pretrain"]:
            raise ValueError(f"protocol.pretrain trains the demo's encoder on simulated posts alone: {OTHER_WEIGHTS}")
        return {"pins": str(protocol["pins"])}, name
    raw = {"pins": "pins"} | ({"corpus": "corpus"} if protocol["pretrain"] else {})
    return posts(protocol, raw, seed), "simulated_pins"


def _bits(roles: Roles, protocol: Settings, seed: int, free: Settings) -> None:
    """Packed bits of the pictures; by the median they need the floats first."""
    pretrained(roles, protocol, seed, free)
    own = {"posts": "{pins}", "encoder": protocol["image"]}
    if protocol["threshold"] == "zero":
        roles["bits"] = wired("bits", "encode:picture_bits", own, roles, free)
        return
    roles["pictures"] = wired("pictures", "encode:pictures", own, roles, free)
    own = {"features": "{pictures}/features", "threshold": protocol["threshold"], "corpus": "{sentences}"}
    roles["bits"] = wired("bits", "encode:feature_bits", own, roles, free)


def _triplets(roles: Roles, protocol: Settings, seed: int, free: Settings) -> dict[str, str]:
    """Part -> file of triplets: the user's own, or made of clicks and votes; and further ones that are asked for."""
    files = {}
    for part, path in protocol["triplets"].items():
        roles[f"triplets_{part}"] = str(path)
        files[part] = f"{{triplets_{part}}}"
    if not files and (protocol["clicked"]["clicks"] or "network" in roles):
        files = _clicked(roles, protocol["clicked"], seed, free)
    if protocol["caption_part"]:
        roles["captions"] = _captions("captions", protocol["caption_part"], CAPTIONS, roles, seed, free)
        files["captions"] = "{captions}/captions.tsv"
    if protocol["similarity"]:
        roles["similarity"] = str(protocol["similarity"])
        own = {"similarity": "{similarity}", "seed": seed}
        roles["words"] = wired("words", "triplets:similar", own, roles, free)
        files["words"] = "{words}/words.tsv"
    if not files:
        raise ValueError(
            "nothing to score the embeddings on: give protocol.triplets, protocol.clicked.clicks, "
            "protocol.caption_part or protocol.similarity"
        )
    return files


def _clicked(roles: Roles, clicked: Settings, seed: int, free: Settings) -> dict[str, str]:
    """Raw triplets of the click log, and those that a vote keeps."""
    own = {"clicks": "{network}/raw/clicks/clicks.jsonl", "seed": seed, "pool": None}
    own |= {name: clicked[name] for name in ("top", "min_clicks", "negatives")}
    for name in ("clicks", "pool"):
        if clicked[name]:
            roles[name] = str(clicked[name])
            own[name] = f"{{{name}}}"
    roles["clicked"] = wired("clicked", "triplets:clicked", own, roles, free)
    files = {"raw": "{clicked}/raw.tsv"}
    own = {"triplets": "{clicked}", "sample": clicked["sample"], "seed": seed, "votes": None, "meanings": None}
    if clicked["votes"]:
        roles["votes"] = str(clicked["votes"])
        own["votes"] = "{votes}"
    elif not clicked["clicks"]:
        own["meanings"] = "{network}/raw/clicks/meanings.jsonl"
    else:
        return files  # a real log without votes: only the sheet could be made, which a command does
    roles["voted"] = wired("voted", "triplets:voted", own, roles, free)
    return {"voted": "{voted}/voted.tsv", **files}


def _captions(name: str, part: str, size: dict[str, int], roles: Roles, seed: int, free: Settings) -> Stage:
    own = {"corpus": "{sentences}", "part": part, "seed": seed, **size}
    return wired(name, "triplets:captions", own, roles, free)


def _embeddings(settings: Settings, roles: Roles, seed: int, free: Settings) -> list[Stage]:
    """Stages that make a row's embeddings, first the trained one; none where they are published."""
    protocol = settings["protocol"]["init_args"]
    if protocol["source"] == "skipgram":
        own = {"corpus": "{sentences}", "seed": seed, **protocol["skipgram"]}
        return [wired("skipgram", "skipgram:skipgram", own, roles, free)]
    if protocol["source"] != "network":
        known = ("network", "skipgram", *PUBLISHED, *protocol["vectors"])
        if protocol["source"] not in known:
            hint = did_you_mean(protocol["source"], known)
            raise ValueError(f"protocol.source {protocol['source']!r} is none of {', '.join(known)}.{hint}")
        return []
    visual = settings["model"]["init_args"]["visual"]
    weights = protocol["weights"] if visual and "weight" in visual["init_args"] else None
    if weights and visual["init_args"]["weight"] != WEIGHT:
        raise ValueError("model.visual.weight is chosen by the plan; use --protocol.weights=null to give it yourself")
    if not weights or len(weights) == 1:
        return [_network(settings, "embed", weights[0] if weights else None, roles, seed, free)]
    found = {str(weight): _network(settings, f"embed_{weight}", weight, roles, seed, free) for weight in weights}
    roles = roles | {"held_out": _captions("held_out", "validation", HELD_OUT, roles, 0, free)}
    inputs = {f"candidate_{number}": stage for number, stage in enumerate(found.values())}
    own = {"candidates": {weight: f"{{candidate_{number}}}" for number, weight in enumerate(found)}}
    own |= {"triplets": "{held_out}/captions.tsv", "separator": protocol["cleaning"]["separator"]}
    return [*found.values(), wired("chosen", "embed:choose", own, roles, free, inputs)]


def _network(settings: Settings, name: str, weight: float | None, roles: Roles, seed: int, free: Settings) -> Stage:
    """One model; `weight` stands in the place of its own lambda."""
    data, arguments = dict(settings["data"]["init_args"]), settings["model"]["init_args"] | {"seed": seed}
    visual = arguments["visual"]
    if visual is None:
        # else text only would be trained anew where nothing but the pictures differs
        data["pictures"], arguments["picture_size"] = None, 0
    elif weight is not None:
        arguments |= {"visual": {**visual, "init_args": visual["init_args"] | {"weight": weight}}}
    patience = settings["protocol"]["init_args"]["early_stop"]
    stop = {} if patience is None else {"monitor": "val/loss", "mode": "min", "patience": patience}
    model = {**settings["model"], "init_args": arguments}
    own = training(settings, model, data, seed, "val/loss", stop, mode="min")
    return wired(name, "embed:embed", own, roles, free)


def _published(protocol: dict[str, Any], roles: Roles) -> str | None:
    """The file of published embeddings that the row asks for, where the user has named it."""
    path = protocol["vectors"].get(protocol["source"])
    if path is None:
        return None
    roles["published"] = str(path)
    return "{published}"
