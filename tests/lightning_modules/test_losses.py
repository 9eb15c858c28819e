"""Mirrors lightning_modules/losses.py."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from encoders.batches import UNLABELLED
from lightning_modules.losses import joint_means, self_training_loss

LABEL = torch.tensor([0, 2, UNLABELLED, UNLABELLED, 1, UNLABELLED])
WEIGHT = torch.tensor([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])  # the last labelled and the last unlabelled post only fill


def posts() -> tuple[Tensor, Tensor]:
    """Features (6, 4) and the teacher's distributions (6, 3)."""
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(6, 3, generator=generator).softmax(-1) * (LABEL == UNLABELLED).unsqueeze(-1)
    return torch.randn(6, 4, generator=generator), target


def test_equation_8_by_hand() -> None:
    logits = torch.tensor([[math.log(0.7), math.log(0.3)], [math.log(0.2), math.log(0.8)]])
    target = torch.tensor([[0.0, 0.0], [0.5, 0.5]])
    loss = self_training_loss(logits, torch.tensor([1, UNLABELLED]), target, torch.ones(2), kl_weight=2.0)
    kl = 0.5 * math.log(0.5 / 0.2) + 0.5 * math.log(0.5 / 0.8)
    torch.testing.assert_close(loss.cross_entropy.item(), -math.log(0.3), rtol=1e-6, atol=0)
    torch.testing.assert_close(loss.kl.item(), kl, rtol=1e-6, atol=0)
    torch.testing.assert_close(loss.total.item(), -math.log(0.3) + 2 * kl, rtol=1e-6, atol=0)


def test_both_terms_are_torchs_own_on_the_posts_that_count() -> None:
    logits, target = torch.randn(6, 3), posts()[1]
    loss = self_training_loss(logits, LABEL, target, WEIGHT)
    torch.testing.assert_close(loss.cross_entropy, F.cross_entropy(logits[:2], LABEL[:2]))
    kl = F.kl_div(logits[2:4].log_softmax(-1), target[2:4], reduction="batchmean")
    torch.testing.assert_close(loss.kl, kl)
    torch.testing.assert_close(loss.total, loss.cross_entropy + kl)


def test_a_teacher_who_agrees_costs_nothing_and_a_certain_one_is_cross_entropy() -> None:
    logits, unlabelled, weight = torch.randn(2, 3), torch.full((2,), UNLABELLED), torch.ones(2)
    agreed = self_training_loss(logits, unlabelled, logits.softmax(-1), weight)
    torch.testing.assert_close(agreed.kl, torch.tensor(0.0), rtol=0, atol=1e-6)
    certain = self_training_loss(logits, unlabelled, torch.eye(3)[:2], weight)
    torch.testing.assert_close(certain.kl, F.cross_entropy(logits, torch.tensor([0, 1])))


@pytest.mark.parametrize("kept", [[0, 1], [2, 3], [4, 5]], ids=["labelled", "unlabelled", "filler"])
def test_a_term_without_posts_is_zero_with_finite_gradients(kept: list[int]) -> None:
    logits, target = torch.randn(2, 3, requires_grad=True), posts()[1]
    loss = self_training_loss(logits, LABEL[kept], target[kept], WEIGHT[kept])
    loss.total.backward()
    assert (loss.cross_entropy > 0) == (kept == [0, 1])
    assert (loss.kl > 0) == (kept == [2, 3])
    assert logits.grad.isfinite().all()
    assert bool(logits.grad.any()) == (kept != [4, 5])


def test_an_unlabelled_post_without_teacher_is_left_out() -> None:
    logits, target = torch.randn(6, 3), posts()[1]
    target[3] = 0
    torch.testing.assert_close(
        self_training_loss(logits, LABEL, target, WEIGHT).kl,
        self_training_loss(logits[:3], LABEL[:3], target[:3], WEIGHT[:3]).kl,
    )


def test_means_of_sums_are_zero_where_nothing_was_counted() -> None:
    sums = torch.tensor([6.0, 0.0, 5.0], requires_grad=True)
    means = joint_means(sums, torch.tensor([4.0, 0.0, 1.0]))
    means.sum().backward()
    assert means.tolist() == [1.5, 0.0, 5.0]
    assert sums.grad.isfinite().all()


def test_devices_average_to_the_mean_of_all(tmp_path: Path) -> None:
    """Of one count for all sums, as a view of a single number too; neither rank's own count is changed."""

    def device(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        count = torch.tensor([5.0, 1.0])[rank]
        means = joint_means(torch.tensor([[6.0, 0.0], [12.0, 3.0]])[rank], count.expand(2))
        torch.save({"means": means, "count": count}, tmp_path / f"{rank}.pt")
        distributed.destroy_process_group()

    multiprocessing.start_processes(device, nprocs=2, start_method="fork")
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert ((first["means"] + second["means"]) / 2).tolist() == [18 / 6, 3 / 6]
    assert (first["count"].item(), second["count"].item()) == (5, 1)


def test_two_devices_get_the_loss_and_gradient_of_one(tmp_path: Path) -> None:
    """Uneven shares: one device has both labelled posts and one unlabelled, the other one unlabelled and fillers."""
    features, target = posts()

    def model() -> nn.Linear:
        torch.manual_seed(1)
        return nn.Linear(4, 3)

    def device(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        mine, share = DistributedDataParallel(model()), slice(3 * rank, 3 * rank + 3)
        loss = self_training_loss(mine(features[share]), LABEL[share], target[share], WEIGHT[share], 0.5)
        loss.total.backward()
        torch.save({"grad": mine.module.weight.grad, "loss": torch.stack(loss).detach()}, tmp_path / f"{rank}.pt")
        distributed.destroy_process_group()

    multiprocessing.start_processes(device, nprocs=2, start_method="fork")
    one, (first, second) = model(), [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    loss = self_training_loss(one(features), LABEL, target, WEIGHT, 0.5)
    loss.total.backward()
    torch.testing.assert_close((first["loss"] + second["loss"]) / 2, torch.stack(loss).detach())
    torch.testing.assert_close(first["grad"], one.weight.grad)
    torch.testing.assert_close(second["grad"], one.weight.grad)
