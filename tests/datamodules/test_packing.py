"""Mirrors datamodules/packing.py: against torch's own packing, and sentence by sentence."""

import pickle

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from datamodules.batching import FILLER
from datamodules.packing import SentenceRows
from datamodules.sentences import BOS, EOS, Corpus
from encoders.batches import PackedSentences
from encoders.bits import unpack
from encoders.store import FeatureStore

KEYS = [(0, row) for row in (4, 0, 3, 1, 8, 2)]
WIDTH = 11


@pytest.fixture
def corpus(pins_inputs: dict) -> Corpus:
    return Corpus(pins_inputs["corpus"])


@pytest.fixture
def bits(pins_inputs: dict) -> FeatureStore:
    return FeatureStore(pins_inputs["bits"])


def rows(corpus: Corpus, bits: FeatureStore | None = None, max_words: int | None = None) -> SentenceRows:
    found = bits.rows(corpus.pictures) if bits is not None else np.full(len(corpus.pictures), -1)
    return SentenceRows(corpus, "train", bits, found, max_words)


def said(corpus: Corpus, row: int, max_words: int | None = None) -> list[int]:
    part = corpus.part("train")
    return part.tokens[part.offsets[row] : part.offsets[row + 1]].tolist()[:max_words]


def longest_first(corpus: Corpus, max_words: int | None = None) -> list[int]:
    return sorted((row for _, row in KEYS), key=lambda row: -len(said(corpus, row, max_words)))  # stable


@pytest.mark.parametrize("max_words", [None, 100, 4, 1])
def test_words_are_packed_as_torch_packs_them(corpus: Corpus, max_words: int | None) -> None:
    batch = rows(corpus, max_words=max_words)[KEYS]
    order = longest_first(corpus, max_words)
    read = [torch.tensor([BOS, *said(corpus, row, max_words)]) for row in order]
    coming = [torch.tensor([*said(corpus, row, max_words), EOS]) for row in order]
    lengths = torch.tensor([len(words) for words in read])
    for found, wanted in ((batch.words, read), (batch.targets, coming)):
        packed = pack_padded_sequence(pad_sequence(wanted), lengths)
        assert torch.equal(found, packed.data)
        assert batch.sizes == packed.batch_sizes.tolist()


def test_each_place_knows_its_sentence_and_each_sentence_its_last_word(corpus: Corpus) -> None:
    batch, order = rows(corpus)[KEYS], longest_first(corpus)
    for number, row in enumerate(order):
        mine = batch.sentence == number
        assert batch.words[mine].tolist() == [BOS, *said(corpus, row)]
        assert batch.targets[mine].tolist() == [*said(corpus, row), EOS]
        assert batch.last[number] == mine.nonzero().flatten()[-1]
    assert batch.words[batch.last].tolist() == [said(corpus, row)[-1] for row in order]
    assert (batch.targets[batch.last] == EOS).all()
    assert batch.sentence[: len(order)].tolist() == list(range(len(order)))


def test_equally_long_sentences_keep_the_order_of_their_keys(corpus: Corpus) -> None:
    lengths = [len(said(corpus, row)) for _, row in KEYS]
    assert len(set(lengths)) < len(lengths)
    for keys in (KEYS, KEYS[::-1]):
        batch = rows(corpus)[keys]
        order = sorted((row for _, row in keys), key=lambda row: -len(said(corpus, row)))
        assert [batch.words[batch.sentence == number][1:].tolist() for number in range(len(order))] == [
            said(corpus, row) for row in order
        ]


def same(one: PackedSentences, other: PackedSentences) -> bool:
    return one.sizes == other.sizes and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in one._fields if name != "sizes"
    )


def test_fillers_are_left_out(corpus: Corpus, bits: FeatureStore) -> None:
    made = rows(corpus, bits)
    assert same(made[[KEYS[0], (0, FILLER), *KEYS[1:], (0, FILLER)]], made[KEYS])


def test_a_share_of_fillers_alone_is_a_batch_without_words(corpus: Corpus, bits: FeatureStore) -> None:
    batch = rows(corpus, bits)[[(0, FILLER)]]
    assert [len(values) for values in batch if isinstance(values, torch.Tensor)] == [0] * 6
    assert (sum(batch.sizes), batch.pictures.shape, batch.words.dtype) == (0, (0, 2), torch.int64)


def test_pictures_go_with_their_sentences(corpus: Corpus, bits: FeatureStore) -> None:
    batch, order = rows(corpus, bits)[KEYS], longest_first(corpus)
    pictures, part = corpus.pictures, corpus.part("train")
    paths = [pictures[at] if (at := part.picture[row]) >= 0 else None for row in order]
    known = [path is not None and path != "unread.png" for path in paths]
    assert None in paths
    assert "unread.png" in paths
    assert batch.present.tolist() == known
    for number, (path, there) in enumerate(zip(paths, known, strict=True)):
        wanted = [int(bit) for bit in f"{int(path.split('.')[0]) + 700:011b}"] if there else [0] * WIDTH
        assert unpack(batch.pictures[number], WIDTH).tolist() == wanted


def test_without_bits_no_sentence_has_a_picture(corpus: Corpus) -> None:
    batch = rows(corpus)[KEYS]
    assert batch.pictures.shape == (len(KEYS), 0)
    assert not batch.present.any()


def test_rows_that_workers_are_given_are_small_and_the_same(corpus: Corpus, bits: FeatureStore) -> None:
    made = rows(corpus, bits)
    before = made[KEYS]
    again = pickle.loads(pickle.dumps(rows(corpus, bits)))
    assert same(again[KEYS], before)
    assert len(made) == len(corpus.part("train").picture)
