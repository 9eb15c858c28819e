"""Mirrors encoders/text_cnn.py."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from encoders.text_cnn import GROUP, SentenceCNN

V, D = 9, 5


def folder(path: Path, padding: float = 0.0) -> Path:
    """V words, of which the first pads."""
    vectors = np.random.default_rng(0).normal(size=(V, D)).astype(np.float32)
    vectors[0] = padding
    pq.write_table(
        pa.table({"word": ["<pad>", *(f"w{k}" for k in range(1, V))], "count": [0, *range(V, 1, -1)]}),
        path / "words.parquet",
    )
    np.save(path / "vectors.npy", vectors)
    return path


@pytest.fixture
def encoder(tmp_path: Path) -> SentenceCNN:
    torch.manual_seed(0)
    return SentenceCNN(folder(tmp_path), widths=(2, 3), filters=(4, 3))


def test_a_filter_gives_its_largest_window_or_zero(encoder: SentenceCNN) -> None:
    """Window by window and filter by filter, padding included."""
    words = torch.tensor([[3, 1, 2, 8, 0, 0], [5, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]])
    found = encoder(words)
    assert found.shape == (3, encoder.width) == (3, 7)
    for sentence, numbers in enumerate(words.tolist()):
        vectors, expected = encoder.table.weight[numbers], []
        for block in encoder.blocks:
            width = block.kernel_size[0]
            for weight, bias in zip(block.weight, block.bias, strict=True):  # (d, width)
                windows = [(vectors[at : at + width].T * weight).sum() + bias for at in range(len(numbers) - width + 1)]
                expected.append(max(0.0, *(window.item() for window in windows)))
        torch.testing.assert_close(found[sentence], torch.tensor(expected))


def test_reading_sentences_of_like_length_together_changes_nothing(encoder: SentenceCNN) -> None:
    """Against whole convolutions of all sentences at full length, gradients too."""
    generator = torch.Generator().manual_seed(1)
    words = torch.randint(1, V, (2 * GROUP + 3, 6), generator=generator)
    words *= torch.arange(6) < torch.randint(0, 7, (len(words), 1), generator=generator)
    weights = torch.randn(len(words), encoder.width, generator=generator)
    vectors = encoder.table(words).transpose(1, 2)
    whole = torch.cat([block(vectors).relu().amax(2) for block in encoder.blocks], dim=1)
    parameters = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    expected = torch.autograd.grad((whole * weights).sum(), parameters)
    found = encoder(words)
    torch.testing.assert_close(found, whole)
    torch.testing.assert_close(torch.autograd.grad((found * weights).sum(), parameters), expected)


def test_the_default_is_the_papers(tmp_path: Path) -> None:
    encoder = SentenceCNN(folder(tmp_path))
    assert [block.kernel_size[0] for block in encoder.blocks] == [2, 3, 4]
    assert [block.out_channels for block in encoder.blocks] == [512, 256, 256]
    assert encoder(torch.randint(0, V, (2, 20))).shape == (2, 1024)


@pytest.mark.parametrize("trainable", [True, False])
def test_words_learn_only_where_they_are_to_and_padding_never(trainable: bool, tmp_path: Path) -> None:
    encoder = SentenceCNN(folder(tmp_path), trainable=trainable)
    encoder(torch.tensor([[1, 2, 0, 0]])).sum().backward()
    assert all(block.weight.grad.any() for block in encoder.blocks)
    if not trainable:
        assert encoder.table.weight.grad is None
    else:
        assert encoder.table.weight.grad.any(1).tolist() == [False, True, True, *[False] * (V - 3)]


def test_no_sentence_and_sentences_shorter_than_a_filter(encoder: SentenceCNN) -> None:
    assert encoder(torch.zeros(0, 20, dtype=torch.int64)).shape == (0, 7)
    torch.testing.assert_close(encoder(torch.tensor([[4, 2]])), encoder(torch.tensor([[4, 2, 0]])))


def test_dropout_is_of_training_alone(tmp_path: Path) -> None:
    encoder, words = SentenceCNN(folder(tmp_path), dropout=0.5), torch.tensor([[1, 2, 3, 4]])
    assert (encoder(words) == 0).sum() > (encoder.eval()(words) == 0).sum()


def test_a_table_without_padding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"row 0 of vectors.npy is not zero"):
        SentenceCNN(folder(tmp_path, padding=0.1))
    with pytest.raises(ValueError, match=r"widths \[2, 3\] and filters \[4\]"):
        SentenceCNN(folder(tmp_path), widths=(2, 3), filters=(4,))
    with pytest.raises(FileNotFoundError, match=r"words.parquet"):
        SentenceCNN(tmp_path / "nowhere")
