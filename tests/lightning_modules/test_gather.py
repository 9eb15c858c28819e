"""Mirrors lightning_modules/gather.py."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing

from lightning_modules.gather import dealt, gather_rows


def on_devices(folder: Path, work: Callable[[int], object], world: int = 2) -> list:
    """What each of several processes finds."""

    def device(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
        torch.save(work(rank), folder / f"{rank}.pt")
        distributed.destroy_process_group()

    multiprocessing.start_processes(device, nprocs=world, start_method="fork")
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(world)]


def parts_of(sizes: list[int]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, 4, generator=generator) for size in sizes]


def test_on_one_device_the_rows_stay() -> None:
    rows = torch.randn(3, 2, requires_grad=True)
    found = gather_rows([rows, rows[:1]])
    assert found.parts[0] is rows
    assert found.sizes == [[3, 1]]
    order, own = dealt([3], rows.device)
    assert order.tolist() == own.tolist() == [0, 1, 2]


SIZES = [[[2, 1], [3, 4]], [[0, 2], [5, 0]], [[0, 0], [1, 3]], [[0, 0], [0, 0]], [[1, 0], [0, 2], [3, 3]]]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_parts_are_joined_in_order_of_rank(sizes: list[list[int]], tmp_path: Path) -> None:
    rows = [parts_of(each) for each in sizes]
    for parts, found in on_devices(tmp_path, lambda rank: tuple(gather_rows(rows[rank])), len(sizes)):
        assert found == sizes
        for number, part in enumerate(parts):
            torch.testing.assert_close(part, torch.cat([each[number] for each in rows]), rtol=0, atol=0)


def test_whole_numbers_are_gathered_as_they_are(tmp_path: Path) -> None:
    rows = [torch.tensor([[2**40, -1]]), torch.tensor([[3, 4], [5, 6]])]
    for (found,), _ in on_devices(tmp_path, lambda rank: tuple(gather_rows([rows[rank]]))):
        assert found.tolist() == [[2**40, -1], [3, 4], [5, 6]]


@pytest.mark.parametrize("sizes", [[[2, 1], [3, 4]], [[0, 0], [1, 3]]], ids=str)
def test_a_rows_gradient_is_the_sum_of_all_devices(sizes: list[list[int]], tmp_path: Path) -> None:
    def loss(parts: list[Tensor], rank: int) -> Tensor:
        return (rank + 1) * ((parts[0] ** 3).sum() + (parts[0].sum(0) * parts[1].sum(0)).sum())

    rows = [parts_of(each) for each in sizes]

    def work(rank: int) -> list[Tensor]:
        mine = [part.clone().requires_grad_() for part in rows[rank]]
        loss(gather_rows(mine).parts, rank).backward()
        return [part.grad for part in mine]

    found = on_devices(tmp_path, work)
    leaves = [[part.clone().requires_grad_() for part in each] for each in rows]
    joint = [torch.cat([each[number] for each in leaves]) for number in range(2)]
    sum(loss(joint, rank) for rank in range(2)).backward()
    for grads, each in zip(found, leaves, strict=True):
        for grad, leaf in zip(grads, each, strict=True):
            torch.testing.assert_close(grad, leaf.grad)


def test_rows_come_back_in_the_order_in_which_they_were_dealt(tmp_path: Path) -> None:
    """Rows 0 to 6 in turns to three devices."""
    sizes = [3, 2, 2]
    found = on_devices(tmp_path, lambda rank: tuple(dealt(sizes, torch.device("cpu"))), 3)
    by_rank = torch.tensor([0, 3, 6, 1, 4, 2, 5])
    for rank, (order, own) in enumerate(found):
        assert by_rank[order].tolist() == list(range(7))
        assert own.tolist() == list(range(7))[rank::3]
