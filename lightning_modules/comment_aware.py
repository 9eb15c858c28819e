"""Classifier that reads retrieved comments and learns from unlabelled posts (CAST, sections 3.3-3.4)."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from transformers import get_linear_schedule_with_warmup

from encoders.batches import CommentedPosts
from lightning_modules.base_classifiers import BaseClassifier
from lightning_modules.classifier import PostClassifier
from lightning_modules.comment_attention import CommentAttention, FeedForwardScore
from lightning_modules.losses import SelfTrainingLoss, self_training_loss
from lightning_modules.metrics import Average


class TextVectors(Protocol):
    """What the classifier asks of a text encoder: forward maps `Tokens` or stored vectors to (S, width)."""

    width: int


class Attended(NamedTuple):
    """Logits and where they come from; attention rows sum to 1, or to 0 for posts without comments."""

    logits: Tensor  # (B, C)
    image_attention: Tensor  # (B, N) beta of Eq. 7, asked by the picture
    text_attention: Tensor  # (B, N) asked by the text


class Prediction(NamedTuple):
    """What `predict` yields for a batch, filler rows included, so that rows stay with their batch indices."""

    row: Tensor  # (B,) as in the batch
    weight: Tensor  # (B,) 0 for filler rows
    probabilities: Tensor  # (B, C)
    present: Tensor  # (B, 2) bool
    image_attention: Tensor  # (B, N)
    text_attention: Tensor  # (B, N)


class CommentAwareClassifier(PostClassifier):
    """Late-fusion base classifier with comments attended by picture and by text (section 3.3), trained with Eq. 8.

    Comments pass the text encoder of the post's text and are encoded once a batch. The class is read from
    [v; t; h_f], without activations: v and t are Eq. 6 with the picture's and the text's vector as query.

    Args:
        num_classes: C, number of classes; linked from the data.
        text_encoder: maps texts to (S, width); shared by post and comments.
        base: base classifier, returns a `BaseOutput`.
        score: class of the score sigma in Eq. 7; made twice, with the base's hidden size.
        comments: read the comments; False is the base classifier alone (Table 7).
        average: of precision, recall and F1; `binary` is class 1's (the authors' choice for MSD, weighted elsewhere).
        lr: AdamW's peak learning rate (Section 4.2: 1e-5).
        head_lr: peak learning rate of all but the text encoder; None: the same (paper).
        warmup: share of the steps in which the rate climbs (Section 4.2: 0.1); then it falls to 0 on a line.
        weight_decay: of matrices; biases and norms have none (not in the paper; the authors': 0.01).
        kl_weight: weight of the unlabelled posts in Eq. 8 (paper: 1).
        dropout: on [v; t; h_f] (not in the paper).

    Raises:
        ValueError: text encoder and base differ in width, or `average` does not suit the classes.
    """

    def __init__(
        self,
        num_classes: int,
        text_encoder: nn.Module,
        base: nn.Module,
        *,
        score: Callable[[int], nn.Module] = FeedForwardScore,
        comments: bool = True,
        average: Average = "weighted",
        lr: float = 1e-5,
        head_lr: float | None = None,
        warmup: float = 0.1,
        weight_decay: float = 0.01,
        kl_weight: float = 1.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(num_classes, average)
        self.save_hyperparameters(ignore=["text_encoder", "base", "score"])
        if "_instantiator" in self.hparams:  # made from YAML: there the three are class paths, plain values
            self.save_hyperparameters()
        self.comments, self.kl_weight = comments, kl_weight
        self.lr, self.head_lr = lr, lr if head_lr is None else head_lr
        self.warmup, self.weight_decay = warmup, weight_decay
        # models
        width, hidden = _widths(text_encoder, base)
        self.text_encoder, self.base = text_encoder, base
        self.dropout = nn.Dropout(dropout)
        if comments:
            self.comment = nn.Linear(width, hidden)
            self.image_attention = CommentAttention(score(hidden))
            self.text_attention = CommentAttention(score(hidden))
            self.head = nn.Sequential(nn.Linear(3 * hidden, hidden), nn.Linear(hidden, num_classes))
        else:
            self.head = nn.Sequential(nn.Linear(hidden, num_classes))

    def forward(self, batch: CommentedPosts) -> Tensor:
        """Return logits (B, C)."""
        return self.attend(batch).logits

    def attend(self, batch: CommentedPosts) -> Attended:
        """Return logits (B, C) with the attention of picture and text over the comments, (B, N) each."""
        known = self.base(batch.image, self.text_encoder(batch.text), batch.present)
        if not self.comments:
            unread = torch.zeros_like(batch.comment_weight)
            return Attended(self.head(self.dropout(known.fusion)), unread, unread)
        distinct = self.comment(self.text_encoder(batch.comments))  # (D, H)
        comments = distinct[batch.comment_index]  # (B, N, H)
        visual, image_attention = self.image_attention(known.image, comments, batch.comment_weight)
        textual, text_attention = self.text_attention(known.text, comments, batch.comment_weight)
        fused = torch.cat([visual, textual, known.fusion], dim=-1)  # (B, 3H)
        return Attended(self.head(self.dropout(fused)), image_attention, text_attention)

    # losses
    def loss(self, logits: Tensor, batch: CommentedPosts) -> SelfTrainingLoss:
        """Eq. 8 on logits (B, C); without unlabelled posts the teacher's cross-entropy."""
        return self_training_loss(logits, batch.label, batch.target, batch.weight, self.kl_weight)

    # steps
    def training_step(self, batch: CommentedPosts) -> Tensor:
        logits = self(batch)
        loss = self.loss(logits, batch)
        self.refuse_non_finite(loss.total, logits, batch, self.lr)
        named = {f"train/{name}": value for name, value in loss._asdict().items() if name != "total"}
        named |= {"train/loss": loss.total}
        self.log_dict(named, batch_size=len(batch.label), on_step=False, on_epoch=True, sync_dist=True)
        return loss.total

    def predict_step(self, batch: CommentedPosts) -> Prediction:
        attended = self.attend(batch)
        attention = attended.image_attention, attended.text_attention
        return Prediction(batch.row, batch.weight, attended.logits.softmax(-1), batch.present, *attention)

    # optimisers
    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        steps = self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise ValueError("the learning rate falls until the last step: set trainer.max_epochs or trainer.max_steps")
        optimizer = torch.optim.AdamW(self._parameter_groups(), lr=self.lr)
        schedule = get_linear_schedule_with_warmup(optimizer, round(self.warmup * steps), int(steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _parameter_groups(self) -> list[dict]:
        """Text encoder and new layers, each with matrices (decayed) and vectors (not); empty groups are left out."""
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        for name, parameter in self.named_parameters():
            if parameter.requires_grad:
                new, matrix = not name.startswith("text_encoder."), parameter.dim() > 1
                groups.setdefault((new, matrix), []).append(parameter)
        return [
            {
                "params": parameters,
                "lr": self.head_lr if new else self.lr,
                "weight_decay": self.weight_decay if matrix else 0.0,
                "name": f"{'new' if new else 'text_encoder'}/{'decay' if matrix else 'no_decay'}",
            }
            for (new, matrix), parameters in sorted(groups.items())
        ]


def _widths(text_encoder: nn.Module, base: nn.Module) -> tuple[int, int]:
    encoder, classifier = cast(TextVectors, text_encoder), cast(BaseClassifier, base)
    if encoder.width != classifier.text_size:
        raise ValueError(
            f"{type(text_encoder).__name__} gives vectors of {encoder.width}, {type(base).__name__} takes "
            f"{classifier.text_size}; set base.init_args.text_size to {encoder.width}"
        )
    return encoder.width, classifier.hidden_size
