"""An epoch of users, pictures and texts in one space from stored features: the share of waiting for data."""

from typing import Any, NamedTuple

import torch

from experiments.benchmarks.material import Material
from experiments.benchmarks.timelines_network import TimelinesNetwork
from experiments.benchmarks.timing import Comparison, Wanted, now
from experiments.benchmarks.training import Trainee
from lightning_modules.du2mce import UserContentEmbeddings

WAITING = Wanted(most=0.05)


class Epoch(NamedTuple):
    """A network after the steps of an epoch, their losses, and what each took."""

    model: UserContentEmbeddings
    losses: list[float]
    waiting_seconds: list[float]  # until a step's posts are there
    step_seconds: list[float]  # from then on


def trained(network: TimelinesNetwork, device: torch.device) -> Epoch:
    """The network after an epoch of a bare loop over the datamodule's batches."""
    model = network.embeddings().to(device).train()
    made: Any = model.configure_optimizers()
    own = Trainee(model, lambda batch: model.loss(batch).total, made["optimizer"])
    found = Epoch(model, [], [], [])
    last = now(device)
    for batch in network.data.train_dataloader():
        begun = now(device)
        loss = own.step(own.moved(batch))
        found.waiting_seconds.append(begun - last)
        last = now(device)
        found.step_seconds.append(last - begun)
        found.losses.append(float(loss))
    return found


def measure(material: Material) -> list[Comparison]:
    """One row."""
    sizes = material.sizes.timelines
    found = trained(material.timelines, material.device)
    # the first step opens files and reserves memory
    waiting, steps = (sum(seconds[1:]) for seconds in (found.waiting_seconds, found.step_seconds))
    shown = (
        f"{len(found.losses)} steps of {sizes.batch:,} posts, the first left out; a third has no picture, features "
        f"{sizes.picture:,} wide from a memory-mapped file just written; {sizes.length} words a text, {sizes.users:,} "
        f"users, vectors {sizes.size:,} wide; with Adam's update; {sizes.workers or 'no'} processes for data"
    )
    return [Comparison("epoch of DU2MCE", "waiting for data", "steps", shown, waiting, steps, WAITING)]
