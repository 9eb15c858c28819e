"""Mirrors datamodules/du2mce.py."""

from itertools import chain
from pathlib import Path

import pytest
import torch

from datamodules.batching import FILLER, Key
from datamodules.du2mce import TimelinesData
from encoders.batches import PostTriples, Queries


def made(timelines_inputs: dict[str, Path], **options: object) -> TimelinesData:
    return TimelinesData(**(timelines_inputs | {"batch_size": 4} | options))


def order(data: TimelinesData, epoch: int = 0) -> list[Key]:
    batches = data.train_dataloader().sampler
    batches.set_epoch(epoch)
    return list(chain(*batches))


def epoch_of(data: TimelinesData, epoch: int = 0) -> list[PostTriples]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def test_every_training_post_comes_once_an_epoch_in_an_order_of_seed_and_epoch(
    timelines_inputs: dict[str, Path],
) -> None:
    keys = [index for _, index in order(made(timelines_inputs))]
    assert sorted(keys) == list(range(9))
    assert keys != sorted(keys)
    assert [index for _, index in order(made(timelines_inputs), epoch=1)] != keys
    assert [index for _, index in order(made(timelines_inputs, seed=1))] != keys
    data = made(timelines_inputs)
    texts = torch.cat([batch.text for batch in epoch_of(data)])
    assert sorted(texts.tolist()) == sorted(data.corpus.text[data.corpus.rows("train")].tolist())


def test_workers_change_nothing(timelines_inputs: dict[str, Path]) -> None:
    for left, right in zip(
        epoch_of(made(timelines_inputs, num_workers=2), 3), epoch_of(made(timelines_inputs), 3), strict=True
    ):
        torch.testing.assert_close(left, right, rtol=0, atol=0)


def test_held_out_loaders_are_two_galleries_and_the_tasks_in_their_order(timelines_inputs: dict[str, Path]) -> None:
    data = made(timelines_inputs, batch_size=1, tasks=["image_text", "text_user", "text_image"])
    texts, pictures, *queries = data.val_dataloader()
    assert [batch.text.tolist() for batch in texts] == [[7], [8]]
    assert [batch.picture.tolist() for batch in pictures] == [[3], [4]]
    assert all(isinstance(batch, Queries) for loader in queries for batch in loader)
    asked = [[batch.items for batch in loader] for loader in queries]
    assert [items.picture.tolist() for items in asked[0]] == [[3], [4]]
    assert [items.text.tolist() for items in asked[1]] == [[9]]
    assert [items.text.tolist() for items in asked[2]] == [[7], [8]]
    assert [batch.true.tolist() for batch in queries[0]] == [[[0, 1]], [[0]]]
    test = made(timelines_inputs).test_dataloader()
    assert [len(list(loader)) for loader in test] == [1, 0, 1, 1, 1]


def test_a_gallery_is_whole_on_every_device_and_queries_are_shared(timelines_inputs: dict[str, Path]) -> None:
    class Trainer:
        global_rank, world_size = 1, 2

    data = made(timelines_inputs)
    data.trainer = Trainer()  # type: ignore[assignment]
    texts, _, *queries = data.val_dataloader()
    assert [batch.text.tolist() for batch in texts] == [[7, 8]]
    shares = [list(chain(*loader.sampler)) for loader in queries]
    assert shares == [[(0, FILLER)], [(0, 1)], [(0, 1)]], "text_user has one query, which is the other device's"


def test_what_cannot_be_used_is_said_before_training(
    timelines_inputs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made(timelines_inputs).setup("fit")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "1 of 8 pictures have no features: taken as absent",
        "text_user: 1 posts of users without training posts ask nothing",
    ]
    made(timelines_inputs, pictures=None, tasks=["image_user"]).setup("fit")
    assert "image_user: validation tells nothing, 0 queries of which all 3 items are true" in capsys.readouterr().out
    made(timelines_inputs).setup("validate")
    assert not capsys.readouterr().out


def test_without_pictures_their_tasks_have_no_queries(timelines_inputs: dict[str, Path]) -> None:
    data = made(timelines_inputs, pictures=None)
    assert data.picture_size is None
    assert [len(task.queries) for task in data.retrieval("validation").tasks] == [1, 0, 0]
    assert made(timelines_inputs).picture_size == 4


def test_settings_that_leave_nothing_are_refused(timelines_inputs: dict[str, Path], pins_inputs: dict) -> None:
    with pytest.raises(ValueError, match="words 0: give at least 1"):
        made(timelines_inputs, words=0)
    with pytest.raises(ValueError, match="packed bits, no vectors; the stage `pictures` makes them"):
        made(timelines_inputs, pictures=pins_inputs["bits"])
