"""What all classifiers of posts share: how they are validated, tested, and stopped where a loss is not finite."""

from abc import ABC, abstractmethod
from typing import Any

import lightning as L
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassConfusionMatrix

from encoders.batches import UNLABELLED, CommentedPosts, ModalPosts
from lightning_modules.metrics import Average, classification_metrics

LabelledBatch = CommentedPosts | ModalPosts  # what has label, weight and row besides a classifier's inputs


class PostClassifier(L.LightningModule, ABC):
    """Softmax over C classes; subclasses bring models, loss, training step, predict step and optimiser.

    Args:
        num_classes: C.
        average: of precision, recall and F1.

    Raises:
        ValueError: `average` does not suit the classes.
    """

    def __init__(self, num_classes: int, average: Average) -> None:
        super().__init__()
        # metrics
        self.val_metrics = classification_metrics(num_classes, average, "val/")
        self.val_loss = MeanMetric()
        self.test_metrics = classification_metrics(num_classes, average, "test/")
        self.test_confusion = MulticlassConfusionMatrix(num_classes, ignore_index=UNLABELLED)

    @abstractmethod
    def forward(self, batch: Any) -> Tensor:
        """Return logits (B, C)."""

    # steps
    def validation_step(self, batch: LabelledBatch) -> None:
        logits, label = self(batch), scored_label(batch)
        scored = label != UNLABELLED
        self.val_loss.update(nn.functional.cross_entropy(logits[scored], label[scored], reduction="none"))
        self.val_metrics.update(logits.argmax(-1), label)
        self.log("val/loss", self.val_loss, batch_size=len(label))
        self.log_dict(self.val_metrics, batch_size=len(label))

    def test_step(self, batch: LabelledBatch) -> None:
        predicted, label = self(batch).argmax(-1), scored_label(batch)
        self.test_metrics.update(predicted, label)
        self.test_confusion.update(predicted, label)
        self.log_dict(self.test_metrics, batch_size=len(label))

    def on_test_epoch_end(self) -> None:
        """Log the confusion matrix as `test/confusion/<class>_<predicted class>`, counts of posts."""
        for gold, row in enumerate(self.test_confusion.compute()):
            cells = {f"test/confusion/{gold}_{predicted}": count.float() for predicted, count in enumerate(row)}
            self.log_dict(cells, sync_dist=True)  # the same on all devices; their mean is a no-op
        self.test_confusion.reset()

    def refuse_non_finite(self, loss: Tensor, logits: Tensor, batch: LabelledBatch, lr: float) -> None:
        """Stop where the loss is not finite, on all devices together; FloatingPointError names the posts."""
        # asked of all devices, or the others would wait for the one that stopped
        if self.trainer.strategy.reduce_boolean_decision(bool(loss.isfinite()), all=True):
            return
        broken = ~logits.isfinite().all(-1) & (batch.weight > 0)
        rows = batch.row[broken] if broken.any() else batch.row
        raise FloatingPointError(
            f"training loss is {loss.item()} in epoch {self.current_epoch}, step {self.global_step}, on post rows "
            f"{rows.tolist()} of device {self.global_rank} (-1: unlabelled); look for non-finite features of these "
            f"posts, else lower lr ({lr:g}) or clip gradients by their norm (trainer.gradient_clip_val)"
        )


def scored_label(batch: LabelledBatch) -> Tensor:
    """(B,), with filler rows unlabelled."""
    return batch.label.where(batch.weight > 0, UNLABELLED)
