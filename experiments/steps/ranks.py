"""Stages that rank users, texts and pictures for held-out queries (DU2MCE, sections 4.2 and 4.6)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datamodules.du2mce import TimelinesData
from datamodules.user_means import at_random, picture_means
from encoders.atomic import write_array
from encoders.batches import PostTriples, Queries
from encoders.pooling import masked_mean
from encoders.vocabulary import PADDING
from experiments.checkpoints import load_weights
from experiments.stage import Job
from experiments.steps.learning import learning_speed
from experiments.steps.rank_scores import PART, Metrics, Ranked, by_chance, joint, metrics_of, write_ranks
from experiments.steps.train import build
from experiments.wiring import filled
from lightning_modules.pairs import is_learned
from lightning_modules.rank_metrics import RankMetrics
from retrieval.ranks import true_ranks

LEVEL = 0.7  # of the joint score of a random order: validation is at it once something is learned (claim D10)


class Space(Protocol):
    """Where queries and galleries lie; vectors have unit length."""

    def vectors(self, modality: str, batch: PostTriples) -> Tensor:
        """(n, D) of the posts that have the modality."""

    def user_vectors(self) -> Tensor:
        """(K, D)."""


class AverageTexts(nn.Module):
    """Users and texts as the means of their words' vectors (Avg-Text).

    Args:
        words: (V, d) vectors by word number.
        users: (K, d).
    """

    words: Tensor
    users: Tensor

    def __init__(self, words: Tensor, users: Tensor) -> None:
        super().__init__()
        self.register_buffer("words", words)
        self.register_buffer("users", users)

    def vectors(self, modality: str, batch: PostTriples) -> Tensor:
        """(n, d) of the posts that have a text, whatever the modality."""
        return F.normalize(masked_mean(self.words[batch.words], batch.words != PADDING))

    def user_vectors(self) -> Tensor:
        """(K, d)."""
        return F.normalize(self.users)


class AveragePictures(nn.Module):
    """Pictures as their features, users as the mean of theirs (Avg-Image); `users` is (K, W)."""

    users: Tensor

    def __init__(self, users: Tensor) -> None:
        super().__init__()
        self.register_buffer("users", users)

    def vectors(self, modality: str, batch: PostTriples) -> Tensor:
        """(n, W) of the posts that have a picture, whatever the modality."""
        return F.normalize(batch.pictures)

    def user_vectors(self) -> Tensor:
        """(K, W)."""
        return F.normalize(self.users)


def ranks(job: Job) -> None:
    """The trained model of a row on test posts: metrics, ranks by query, and `users.npy` (K, D), users in the space."""
    settings = filled(job.settings, job.folders)
    # here and now: on one device of this machine, whatever it was trained on
    trainer = {"accelerator": "gpu" if job.device == "cuda" else "cpu", "devices": 1}
    cli = build(replace(job, free={**job.free, "wandb": "off", "trainer": trainer}))
    load_weights(cli.model, Path(settings["checkpoint"]))
    data: TimelinesData = cli.datamodule
    log = Path(settings["checkpoint"]).parent / "log" / "metrics.csv"
    asked = [task for task in data.retrieval("validation").tasks if is_learned(task.name, cli.model.pairs)]
    random_order = joint([metrics_of(task, None) for task in asked if len(task.queries)], "chance") or 0.0
    fit = {"fit": learning_speed(log, "val/joint", LEVEL * random_order)}
    _leave(job, cli.model.to(job.device).eval(), data, data.tasks, settings, fit)


def average_texts(job: Job) -> None:
    """Avg-Text, which has only texts and users; the other tasks are null."""
    settings = filled(job.settings, job.folders)
    words, users = (torch.from_numpy(np.load(Path(settings[name]) / "vectors.npy")) for name in ("words", "users"))
    space = AverageTexts(words, users).to(job.device)
    _leave(job, space, TimelinesData(**settings["data"]), ["text_user"], settings)


def average_pictures(job: Job) -> None:
    """Avg-Image, which has only pictures and users; the other tasks are null."""
    settings = filled(job.settings, job.folders)
    data = TimelinesData(**settings["data"])
    own = data.pictures
    means = picture_means(data.corpus, own.known, lambda numbers: own.take(numbers).numpy(), own.width or 0)
    lacking = int((~means.known).sum())
    print(f"{lacking:,} of {len(means.known):,} users have no picture: random vectors", flush=True)
    space = AveragePictures(torch.from_numpy(at_random(means, settings["seed"]))).to(job.device)
    _leave(job, space, data, ["image_user"], settings)


def chance(job: Job) -> None:
    """What a random order is expected to give; nothing is ranked."""
    settings = filled(job.settings, job.folders)
    data = TimelinesData(**settings["data"])
    tasks = data.retrieval(PART).tasks
    found = {task.name: by_chance(task) for task in tasks if len(task.queries)}
    further: dict[str, Metrics] = (
        {"clusters": {"ami": 0.0}} if settings["clusters"] else {}
    )  # adjusted so that it is 0 by chance
    write_ranks(job.folder, tasks, found, data.corpus.ids, facts_of(data, settings), further)


@torch.inference_mode()
def _leave(
    job: Job,
    space: Space,
    data: TimelinesData,
    applies: Collection[str],
    settings: dict[str, Any],
    further: Mapping[str, Metrics] | None = None,
) -> None:
    """Rank the tasks that the row has vectors for, on the job's device."""
    users = space.user_vectors()
    found = rank_tasks(space, users, data, applies, job.device)
    write_array(job.folder / "users.npy", users.float().cpu().numpy())
    write_ranks(job.folder, data.retrieval(PART).tasks, found, data.corpus.ids, facts_of(data, settings), further)


def rank_tasks(
    space: Space, users: Tensor, data: TimelinesData, applies: Collection[str], device: str
) -> dict[str, Ranked]:
    """Every test query of the named tasks, by task; tasks without queries are left out."""
    texts, pictures, queries = data.loaders(PART)
    galleries = {
        "user": lambda: users,
        "text": lambda: torch.cat([space.vectors("text", _to(batch, device)) for batch in texts]),  # (G, D)
        "image": lambda: torch.cat([space.vectors("image", _to(batch, device)) for batch in pictures]),
    }
    found = {}
    for task, loader in zip(data.retrieval(PART).tasks, queries, strict=True):
        if task.name in applies and len(task.queries):
            query, gallery = task.name.split("_")
            found[task.name] = _ranked(space, loader, query, galleries[gallery](), device)
    return found


def _ranked(space: Space, loader: Iterable[Queries], modality: str, gallery: Tensor, device: str) -> Ranked:
    metric, median, best = RankMetrics().to(device), [], []
    for batch in loader:
        vectors = space.vectors(modality, _to(batch.items, device))  # (Q, D)
        own = true_ranks(vectors, gallery, batch.true.to(device))  # (Q, M)
        metric.update(own)
        places = own.cpu().numpy()
        median.append(np.nanmedian(places, axis=1))
        best.append(np.nanmin(places, axis=1))
    statistics: Metrics = {name: float(value) for name, value in metric.compute().items()}
    return Ranked(statistics, np.concatenate(median), np.concatenate(best))


def _to(batch: PostTriples, device: str) -> PostTriples:
    return PostTriples(*(values.to(device) for values in batch))


def facts_of(data: TimelinesData, settings: dict[str, Any]) -> dict[str, Any]:
    """On which data a row was scored, for `dataset.json`."""
    own = {"name": settings["name"], "simulated": settings["simulated"], "kind": "ranks", "classes": []}
    own |= {"benchmark": settings["posts"], "timelines": str(data.corpus.folder), "tasks": list(data.tasks)}
    return own | {"modalities": ["image", "text", "user"], "users": len(data.corpus.users)}
