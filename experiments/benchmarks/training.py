"""A bare PyTorch training loop over the suite's own modules."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import lightning as L
import numpy as np
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lightning_modules import CommentAwareClassifier, EmotionClassifier
from lightning_modules.pins import WordEmbeddings

MANY_STEPS = 10_000
CLIP = 10.0  # norm of word embeddings' gradients (Pins, section 5.1)


class Trainee:
    """A network trained by hand.

    Args:
        model: in training mode.
        loss: maps a batch to a scalar.
        optimiser: of the model's parameters.
        schedule: goes on with each step; None has a constant rate.
        clip: norm that gradients are clipped to; None clips none.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any], Tensor],
        optimiser: Optimizer,
        schedule: LRScheduler | None = None,
        clip: float | None = None,
    ) -> None:
        self.model, self.loss, self.optimiser, self.schedule, self.clip = model, loss, optimiser, schedule, clip
        self.device = next(model.parameters()).device

    def moved(self, batch: Any) -> Any:
        """The batch where the model is."""
        return move_data_to_device(batch, self.device)

    def step(self, batch: Any) -> Tensor:
        """Take one step on a batch; return its loss."""
        loss = self.loss(batch)
        self.optimiser.zero_grad()
        loss.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimiser.step()
        if self.schedule is not None:
            self.schedule.step()
        return loss.detach()


def comment_trainee(model: CommentAwareClassifier, steps: int = MANY_STEPS) -> Trainee:
    """A copy of CAST's classifier; after `steps` its learning rate is 0."""
    model = copy.deepcopy(model).train()
    # all that configure_optimizers asks of a trainer
    model.trainer = cast(L.Trainer, SimpleNamespace(estimated_stepping_batches=steps))
    made: Any = model.configure_optimizers()
    schedule = made["lr_scheduler"]["scheduler"]
    return Trainee(model, lambda batch: model.loss(model(batch), batch).total, made["optimizer"], schedule)


def emotion_trainee(model: EmotionClassifier) -> Trainee:
    """A copy of an emotion classifier."""
    model = copy.deepcopy(model).train()
    return Trainee(model, lambda batch: model.loss(batch)[0].total, model.configure_optimizers())


def words_trainee(model: WordEmbeddings) -> Trainee:
    """Word embeddings themselves, no copy; their negatives are the same in each trainee."""
    rng = np.random.default_rng(0)
    optimiser = model.train().configure_optimizers()
    return Trainee(model, lambda batch: model.loss(batch, rng).total, optimiser, clip=CLIP)
