"""A bare PyTorch training loop over the suite's own modules."""

import copy
from types import SimpleNamespace
from typing import cast

import lightning as L
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor

from encoders.batches import CommentedPosts
from lightning_modules import CommentAwareClassifier

MANY_STEPS = 10_000


class Trainee:
    """A copy of a classifier with its own optimiser and schedule, trained by hand.

    Args:
        model: is copied.
        steps: until the learning rate is 0.
    """

    def __init__(self, model: CommentAwareClassifier, steps: int = MANY_STEPS) -> None:
        self.model = copy.deepcopy(model).train()
        self.device = next(model.parameters()).device
        # all that configure_optimizers asks of a trainer
        self.model.trainer = cast(L.Trainer, SimpleNamespace(estimated_stepping_batches=steps))
        made = self.model.configure_optimizers()
        self.optimiser, self.schedule = made["optimizer"], made["lr_scheduler"]["scheduler"]  # type: ignore[index]

    def moved(self, batch: CommentedPosts) -> CommentedPosts:
        """The batch where the model is."""
        return cast(CommentedPosts, move_data_to_device(batch, self.device))

    def step(self, batch: CommentedPosts) -> Tensor:
        """Take one step on a batch; return its loss."""
        loss = self.model.loss(self.model(batch), batch).total
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        return loss.detach()
