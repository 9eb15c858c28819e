"""Losses on logits; means run over the joint batch of all devices."""

from typing import NamedTuple

import torch
from torch import Tensor, distributed
from torch.nn import functional as F

from encoders.batches import UNLABELLED


class SelfTrainingLoss(NamedTuple):
    """Eq. 8 and its two terms, scalars >= 0."""

    total: Tensor
    cross_entropy: Tensor  # labelled posts
    kl: Tensor  # unlabelled posts, unweighted


def self_training_loss(
    logits: Tensor, label: Tensor, target: Tensor, weight: Tensor, kl_weight: float = 1.0
) -> SelfTrainingLoss:
    """Return Eq. 8: mean cross-entropy of labelled posts + kl_weight x mean KL(teacher || student) of unlabelled.

    The printed first term lacks its minus sign; the temperature is 1. Takes logits (B, C), label (B,), target (B, C)
    with the teacher's distribution, weight (B,), 0 for filler rows. A post counts as labelled by its label, else as
    unlabelled where its target is not zero; a term without posts is 0.

    Both means are `joint_means`: over all devices.
    """
    labelled = weight * (label != UNLABELLED)  # (B,)
    unlabelled = weight * ((label == UNLABELLED) & target.gt(0).any(-1))  # (B,)
    student = logits.log_softmax(-1)
    cross_entropy = F.nll_loss(student, label, ignore_index=UNLABELLED, reduction="none")  # -log s_i[y_i]
    kl = F.kl_div(student, target.to(student.dtype), reduction="none").sum(-1)  # sum_c t_ic (log t_ic - log s_ic)
    count = torch.stack([labelled.sum(), unlabelled.sum()])
    sums = torch.stack([(labelled * cross_entropy).sum(), (unlabelled * kl).sum()])
    cross_entropy, kl = joint_means(sums, count)
    return SelfTrainingLoss(cross_entropy + kl_weight * kl, cross_entropy, kl)


def joint_means(sums: Tensor, count: Tensor) -> Tensor:
    """Return sums (K,) over counts (K,), 0 where nothing was counted.

    With torch.distributed initialised, the counts are of all ranks and multiplied by the number of ranks: averaged over
    ranks, as DDP does, loss and gradients are those of one process on the joint batch.
    """
    if distributed.is_available() and distributed.is_initialized():
        count = count.clone()
        distributed.all_reduce(count)
        sums = sums * distributed.get_world_size()
    return sums / torch.where(count > 0, count, 1)
