"""Mirrors datamodules/batching.py."""

from collections import Counter
from itertools import chain
from types import SimpleNamespace

import lightning as L
import numpy as np
import pytest
from torch.utils.data import Dataset

from datamodules.batching import (
    FILLER,
    GlobalBatches,
    Key,
    WithQueries,
    WithShuffled,
    device_of,
    kept_comments,
    loader,
)


def real(keys: list[tuple[int, int]]) -> list[int]:
    return [index for _, index in keys if index != FILLER]


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("size", [16, 17, 23])
def test_the_devices_batches_together_are_the_global_batch(size: int, world: int) -> None:
    alone = GlobalBatches(size, 8, seed=3)
    shares = [list(GlobalBatches(size, 8, seed=3, rank=rank, world=world)) for rank in range(world)]
    assert {len(share) for share in shares} == {len(alone)}
    for whole, *parts in zip(alone, *shares, strict=True):
        assert sorted(chain(*map(real, parts))) == sorted(real(whole))
        assert len({len(part) for part in parts}) == 1  # fillers make the shares equal
        assert len(parts[0]) * world - len(whole) < world  # and there are no more of them than that takes


def test_an_epoch_holds_every_post_once_in_an_order_of_its_own() -> None:
    batches = GlobalBatches(50, 8, seed=1)
    first = list(chain(*map(real, batches)))
    assert sorted(first) == list(range(50))
    assert first == list(chain(*map(real, batches)))
    batches.set_epoch(1)
    second = list(chain(*map(real, batches)))
    assert sorted(second) == sorted(first)
    assert second != first
    assert {epoch for keys in batches for epoch, _ in keys} == {1}


def test_an_order_depends_on_seed_and_epoch_not_on_what_came_before() -> None:
    long_running, fresh = GlobalBatches(30, 4, seed=5), GlobalBatches(30, 4, seed=5)
    for epoch in range(4):
        long_running.set_epoch(epoch)
        seen = list(long_running)
    fresh.set_epoch(3)
    assert list(fresh) == seen
    other = GlobalBatches(30, 4, seed=6)
    other.set_epoch(3)
    assert list(other) != seen


def test_without_shuffling_the_order_is_the_stored_one() -> None:
    assert list(GlobalBatches(5, 2, shuffle=False)) == [[(0, 0), (0, 1)], [(0, 2), (0, 3)], [(0, 4)]]
    assert list(GlobalBatches(5, 2, rank=1, world=2, shuffle=False)) == [[(0, 1)], [(0, 3)], [(0, FILLER)]]


def test_a_batch_that_does_not_split_evenly_names_both_numbers() -> None:
    with pytest.raises(ValueError, match=r"batch_size 10 .* 4 devices"):
        GlobalBatches(100, 10, world=4)
    with pytest.raises(ValueError, match="batch_size 0"):
        GlobalBatches(100, 0)


def test_unlabelled_posts_follow_their_queries() -> None:
    followers = [[10, 11], [], [12], [13, 14], [15]]
    for world in (1, 2):
        shares = [list(WithQueries(followers, 4, rank=rank, world=world)) for rank in range(world)]
        for keys in chain(*shares):
            labelled = [index for index in real(keys) if index < 10]
            assert real(keys)[len(labelled) :] == [follower for query in labelled for follower in followers[query]]
        assert sorted(chain(*map(real, chain(*shares)))) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15]


def test_shuffled_unlabelled_posts_come_once_an_epoch_per_post_as_many() -> None:
    batches = WithShuffled(10, 4, unlabelled=28, per_post=3)
    sizes = [(sum(index < 10 for index in real(keys)), sum(index >= 10 for index in real(keys))) for keys in batches]
    assert sizes == [(4, 12), (4, 12), (2, 4)]
    assert sorted(chain(*map(real, batches))) == list(range(38))
    before = list(batches)
    batches.set_epoch(1)
    assert [key[1] for key in before[0][4:]] != [key[1] for key in next(iter(batches))[4:]]


def test_shuffled_unlabelled_posts_are_shared_by_the_devices() -> None:
    alone = WithShuffled(10, 4, unlabelled=27, per_post=3, seed=2)
    shares = [list(WithShuffled(10, 4, unlabelled=27, per_post=3, seed=2, rank=rank, world=2)) for rank in (0, 1)]
    for whole, *parts in zip(alone, *shares, strict=True):
        assert sorted(chain(*map(real, parts))) == sorted(real(whole))


def test_steps_without_unlabelled_posts_are_steps_all_the_same() -> None:
    assert [len(keys) for keys in WithShuffled(10, 4, unlabelled=5, per_post=3)] == [4 + 5, 4, 2]


def drops(rows: int, width: int = 5, seed: int = 0, epoch: int = 0, drop: float = 0.5, there: int = 5) -> np.ndarray:
    present = np.tile(np.arange(width) < there, (rows, 1))
    return kept_comments(present, np.arange(rows, dtype=np.uint64), np.full(rows, epoch), seed, drop)


def test_half_of_the_comments_are_dropped_and_never_all() -> None:
    weight = drops(4_000)
    kept = (weight > 0).sum(1)
    assert kept.min() == 1
    # E[kept] = 5/2 plus the one that stays where all five fell: 1/32
    assert abs(kept.mean() - (2.5 + 1 / 32)) < 4 * np.sqrt(5 / 4 / 4_000)
    assert np.all(np.abs((weight > 0).mean(0) - (0.5 + 1 / 160)) < 4 * 0.5 / np.sqrt(4_000))  # no place is favoured
    assert abs((drops(4_000, drop=0.2) > 0).mean() - 0.8) < 0.02


def test_the_spared_comment_is_drawn_evenly() -> None:
    weight = drops(20_000, drop=0.999)  # nearly always all fall
    counts = Counter(np.nonzero(weight)[1].tolist())
    assert all(abs(counts[place] - 4_000) < 4 * np.sqrt(20_000 * 0.16) for place in range(5))


def test_the_kept_ones_are_repeated_until_the_list_is_full() -> None:
    # of five, as the official code repeats them in order: 1 kept 5 times, 2: 3 + 2, 3: 2 + 2 + 1, 4: 2 + 1 + 1 + 1
    expected = {1: [5], 2: [3, 2], 3: [2, 2, 1], 4: [2, 1, 1, 1], 5: [1, 1, 1, 1, 1]}
    weight = drops(500)
    for row in weight:
        assert row[row > 0].tolist() == expected[int((row > 0).sum())]
    assert {int((row > 0).sum()) for row in weight} == set(expected)


def test_a_post_keeps_some_of_the_comments_it_has() -> None:
    weight = drops(500, there=2)
    assert not weight[:, 2:].any()
    assert (weight.sum(1) == 5).all()
    assert not drops(3, there=0).any()


def test_a_drop_depends_on_seed_epoch_and_post_alone() -> None:
    identity = np.array([7, 8, 9], dtype=np.uint64)
    present, epoch = np.ones((3, 5), dtype=bool), np.array([2, 2, 2])
    together = kept_comments(present, identity, epoch, 1, 0.5)
    for row in range(3):
        alone = kept_comments(present[row:][:1], identity[row:][:1], epoch[row:][:1], 1, 0.5)
        np.testing.assert_array_equal(together[row], alone[0])
    assert (drops(50, epoch=0) != drops(50, epoch=1)).any()
    assert (drops(50, seed=0) != drops(50, seed=1)).any()
    np.testing.assert_array_equal(drops(50, epoch=3, seed=4), drops(50, epoch=3, seed=4))


def test_no_posts_have_no_drops() -> None:
    assert drops(0).shape == (0, 5)


class Given(Dataset[list[Key]]):
    """Says which keys it was asked for."""

    def __getitem__(self, keys: list[Key]) -> list[Key]:
        return keys


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_asks_for_the_samplers_lists_of_keys_epoch_by_epoch(workers: int) -> None:
    batches = GlobalBatches(9, 4, seed=2)
    found = loader(Given(), batches, workers)
    for epoch in (0, 1):
        iterator = iter(found)
        batches.set_epoch(epoch)  # as Lightning does where it goes on with a training
        assert [[tuple(key) for key in keys] for keys in iterator] == list(batches)
    assert found.persistent_workers == bool(workers)


def test_without_a_trainer_there_is_one_device() -> None:
    data = L.LightningDataModule()
    assert device_of(data) == (0, 1)
    data.trainer = SimpleNamespace(global_rank=1, world_size=4)
    assert device_of(data) == (1, 4)
