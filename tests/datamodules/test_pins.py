"""Mirrors datamodules/pins.py."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.batching import FILLER, Key
from datamodules.pins import PinsData
from encoders.batches import PackedSentences


def made(pins_inputs: dict[str, Path], **options: object) -> PinsData:
    return PinsData(**({"corpus": pins_inputs["corpus"], "pictures": pins_inputs["bits"], "batch_size": 4} | options))


def order(data: PinsData, epoch: int = 0) -> list[Key]:
    batches = data.train_dataloader().sampler
    batches.set_epoch(epoch)
    return list(chain(*batches))


def epoch_of(data: PinsData, epoch: int = 0) -> list[PackedSentences]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def assert_same(one: list[PackedSentences], other: list[PackedSentences]) -> None:
    for left, right in zip(one, other, strict=True):
        assert left.sizes == right.sizes
        torch.testing.assert_close(left._replace(sizes=0), right._replace(sizes=0), rtol=0, atol=0)


def test_pictures_without_features_are_counted_before_training(
    pins_inputs: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made(pins_inputs).setup("fit")
    assert capsys.readouterr().out == "1 of 9 pictures have no features: taken as absent\n"
    made(pins_inputs).setup("validate")
    made(pins_inputs, pictures=None).setup("fit")
    assert not capsys.readouterr().out


def test_features_that_are_no_bits_are_refused_with_the_way_out(pins_inputs: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"floats: float16 features, not bits; the stage `bits` makes them"):
        made(pins_inputs, pictures=pins_inputs["floats"])


def test_folders_that_are_not_there_are_named(pins_inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"corpus\.json: no corpus of sentences"):
        made(pins_inputs, corpus=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"store\.json: no stored features"):
        made(pins_inputs, pictures=tmp_path)


def test_a_part_that_the_corpus_lacks_is_named(pins_inputs: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="no part 'test'; there are train, validation"):
        made(pins_inputs).test_dataloader()


def test_every_sentence_comes_once_an_epoch_in_an_order_of_seed_and_epoch(pins_inputs: dict[str, Path]) -> None:
    keys = [index for _, index in order(made(pins_inputs))]
    assert sorted(keys) == list(range(11))
    assert keys != sorted(keys)
    assert order(made(pins_inputs, num_workers=2, max_words=2)) == order(made(pins_inputs))
    assert [index for _, index in order(made(pins_inputs), epoch=1)] != keys
    assert [index for _, index in order(made(pins_inputs, seed=1))] != keys
    tokens = made(pins_inputs).corpus.part("train").tokens
    words = torch.cat([batch.words for batch in epoch_of(made(pins_inputs))])
    assert sorted(words[words > 1].tolist()) == sorted(tokens.tolist())


def test_workers_change_nothing(pins_inputs: dict[str, Path]) -> None:
    assert_same(epoch_of(made(pins_inputs, num_workers=2), 3), epoch_of(made(pins_inputs), 3))


def test_held_out_sentences_come_in_order(pins_inputs: dict[str, Path]) -> None:
    data = made(pins_inputs, batch_size=2)
    batches = list(chain(*data.val_dataloader().sampler))
    assert batches == [(0, number) for number in range(5)]
    assert FILLER not in {index for _, index in batches}
    lengths = np.diff(data.corpus.part("validation").offsets)
    found = [sorted(torch.bincount(batch.sentence) - 1) for batch in data.val_dataloader()]
    assert found == [sorted(lengths[start : start + 2]) for start in (0, 2, 4)]


def test_long_sentences_are_cut_where_that_is_asked_for(pins_inputs: dict[str, Path]) -> None:
    assert max(len(batch.sizes) for batch in epoch_of(made(pins_inputs))) == 7  # <bos> and 6 words
    assert {len(batch.sizes) for batch in epoch_of(made(pins_inputs, max_words=2))} == {3}
