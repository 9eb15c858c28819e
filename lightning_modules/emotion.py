"""Emotion of a post by early, joint or common-space fusion of its modalities, or by one of them (sections 3-4)."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MeanMetric

from encoders.batches import UNLABELLED, ModalPosts
from lightning_modules.classifier import PostClassifier
from lightning_modules.common_space import CommonSpace
from lightning_modules.fusion import Fusion, Pooling
from lightning_modules.losses import joint_means
from lightning_modules.metrics import Average
from lightning_modules.word_tables import dense_on_several_gpus


class Encoder(Protocol):
    """What the classifier asks of an encoder: it maps a modality's inputs to (B, width)."""

    width: int


class EmotionLoss(NamedTuple):
    """Eq. 12, or Eq. 14 with the auxiliary task, and their terms; means over the joint batch of all devices."""

    total: Tensor
    cross_entropy: Tensor
    auxiliary: Tensor  # Eq. 13; 0 without the task


class Classified(NamedTuple):
    """What `predict` yields for a batch, filler rows included, so that rows stay with their batch indices."""

    row: Tensor  # (B,) as in the batch
    weight: Tensor  # (B,) 0 for filler rows
    probabilities: Tensor  # (B, C)
    present: Tensor  # (B, M) bool


class EmotionClassifier(PostClassifier):
    """One encoder a modality, a fusion, a low-rank linear classifier; trained by SGD with Eq. 12 or 14.

    Early fusion is `Concatenation`, joint fusion `Pooling`, common-space fusion `Pooling` with the auxiliary task. With
    one modality and `Concatenation` it is that modality's own classifier. At test the same network takes whatever
    modalities a post has.

    Args:
        num_classes: C, number of classes; linked from the data.
        encoders: modality -> encoder with a `width`; the order is that of the data's modalities.
        fusion: class of the fusion; made with the encoders' widths.
        auxiliary: the task of common-space fusion (Eq. 13-14); None is joint fusion.
        hidden_size: h of the linear layer before the last one, without activation (Table 3: 100); None has none.
        average: of precision, recall and F1.
        lr: of SGD (Section 5.4: 0.01).

    Raises:
        ValueError: an auxiliary task with a fusion that has no common space.
    """

    def __init__(
        self,
        num_classes: int,
        encoders: dict[str, nn.Module],
        fusion: Callable[[dict[str, int]], nn.Module] = Pooling,
        *,
        auxiliary: CommonSpace | None = None,
        hidden_size: int | None = 100,
        average: Average = "macro",
        lr: float = 0.01,
    ) -> None:
        super().__init__(num_classes, average)
        self.save_hyperparameters(ignore=["encoders", "fusion", "auxiliary"])
        if "_instantiator" in self.hparams:  # made from YAML: there the three are class paths, plain values
            self.save_hyperparameters()
        self.lr = lr
        # models
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = fusion({name: cast(Encoder, encoder).width for name, encoder in encoders.items()})
        self.auxiliary = auxiliary
        fused = cast(Fusion, self.fusion)
        if auxiliary is not None and fused.space is None:
            raise ValueError(
                f"{type(self.fusion).__name__} has no common space: set model.auxiliary to null, or use Pooling"
            )
        sizes = [fused.width, num_classes] if hidden_size is None else [fused.width, hidden_size, num_classes]
        self.head = nn.Sequential(*(nn.Linear(*pair) for pair in pairwise(sizes)))
        # metrics
        self.train_loss = MeanMetric(nan_strategy="disable")

    def forward(self, batch: ModalPosts) -> Tensor:
        """Return logits (B, C)."""
        return self.head(self.fusion(self._projected(batch.inputs), batch.present))

    def _projected(self, inputs: dict) -> dict[str, Tensor]:
        """Each given modality's vectors, as the fusion takes them."""
        fusion = cast(Fusion, self.fusion)
        return {name: fusion.project(name, self.encoders[name](value)) for name, value in inputs.items()}

    # losses
    def loss(self, batch: ModalPosts) -> tuple[EmotionLoss, Tensor]:
        """Eq. 12, or Eq. 14 with the auxiliary task and negatives, as means over labelled posts; and logits (B, C)."""
        vectors = self._projected(batch.inputs)
        logits = self.head(self.fusion(vectors, batch.present))
        counted = batch.weight * (batch.label != UNLABELLED)  # (B,)
        main = F.cross_entropy(logits, batch.label, ignore_index=UNLABELLED, reduction="none")  # (B,)
        beside = torch.zeros_like(main)
        if self.auxiliary is not None and batch.negatives:
            ((name, negatives),) = self._projected(batch.negatives).items()  # (B * g, K)
            negatives = negatives.unflatten(0, (len(main), -1))  # (B, g, K)
            beside = self.auxiliary(vectors, batch.present, name, negatives)
        sums = torch.stack([(counted * main).sum(), (counted * beside).sum()])
        cross_entropy, auxiliary = joint_means(sums, counted.sum().expand(2))
        weight = self.auxiliary.main_weight if self.auxiliary is not None else 1.0
        return EmotionLoss(weight * cross_entropy + auxiliary, cross_entropy, auxiliary), logits

    # steps
    def on_fit_start(self) -> None:
        dense_on_several_gpus(self)

    def training_step(self, batch: ModalPosts, batch_idx: int) -> Tensor:
        loss, logits = self.loss(batch)
        self.refuse_non_finite(loss.total, logits, batch, self.lr)
        self.train_loss.update(loss.total.detach())
        if batch_idx == 0:  # once an epoch will do: Lightning computes the metric at its end, and steps are short
            self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        return loss.total

    def predict_step(self, batch: ModalPosts) -> Classified:
        return Classified(batch.row, batch.weight, self(batch).softmax(-1), batch.present)

    # optimisers
    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD((parameter for parameter in self.parameters() if parameter.requires_grad), lr=self.lr)
