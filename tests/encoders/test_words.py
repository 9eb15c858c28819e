"""Mirrors encoders/words.py."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from encoders.batches import Tokens
from encoders.vocabulary import Vocabulary, write_vocabulary
from encoders.words import WordPooling

TEXTS = ["dog in snow", "snow", "", "snow snow dog owl", "owl"]
WIDTH = 6


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a vocabulary: snow, dog, owl, in, and three words that no text has."""
    folder = tmp_path_factory.mktemp("words")
    write_vocabulary(folder, [*TEXTS, "hill road sea"], [], WIDTH)
    return folder


def tokens(words: Path, texts: list[str], width: int = 0) -> Tokens:
    """Texts as numbers of words, padded to the longest or to a width."""
    rows = Vocabulary(words)(texts)
    width = max(width, *map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    return Tokens(ids, ids != 0)


def by_hand(text: str, words: Path, aggregation: str) -> Tensor:
    """Eq. 7-9 word by word."""
    vocabulary = Vocabulary(words)
    table, names = vocabulary.vectors().tolist(), ["", *vocabulary.words]
    looked_up = [table[names.index(word)] for word in text.split()]
    if not looked_up:
        return torch.zeros(WIDTH)
    columns = [[vector[at] for vector in looked_up] for at in range(WIDTH)]
    pooled = [max(column) if aggregation == "max" else sum(column) / len(column) for column in columns]
    return torch.tensor(pooled)


@pytest.mark.parametrize("aggregation", ["max", "mean"])
def test_equations_7_to_9_word_by_word(words: Path, aggregation: str) -> None:
    encoder = WordPooling(words, aggregation).eval()
    pooled = encoder(tokens(words, TEXTS))
    assert pooled.shape == (len(TEXTS), encoder.width)
    for row, text in enumerate(TEXTS):
        torch.testing.assert_close(pooled[row], by_hand(text, words, aggregation))
    assert not pooled[2].any()  # a text without words


@pytest.mark.parametrize("aggregation", ["max", "mean"])
def test_padding_moves_nothing(words: Path, aggregation: str) -> None:
    encoder = WordPooling(words, aggregation).eval()
    short = encoder(tokens(words, TEXTS))
    torch.testing.assert_close(encoder(tokens(words, TEXTS, width=9)), short)
    junk = tokens(words, TEXTS, width=9)
    junk.ids[~junk.mask] = 3  # what the mask hides may be any word
    torch.testing.assert_close(encoder(junk), short)


@pytest.mark.parametrize("aggregation", ["max", "mean"])
def test_only_rows_of_the_batchs_words_get_a_gradient(words: Path, aggregation: str) -> None:
    encoder = WordPooling(words, aggregation, dropout=0.0)
    encoder(tokens(words, ["dog in", "dog"], width=4)).sum().backward()
    sparse = encoder.table.weight.grad
    assert sparse.is_sparse
    used = sorted(Vocabulary(words)(["dog in"])[0])
    gradient = sparse.coalesce()
    touched = gradient.indices()[0][gradient.values().any(1)]
    assert touched.tolist() == used
    before = encoder.table.weight.detach().clone()
    torch.optim.SGD(encoder.parameters(), lr=0.1).step()
    moved = (encoder.table.weight != before).any(1).nonzero().flatten()
    assert moved.tolist() == used
    torch.testing.assert_close(encoder.table.weight.detach(), before - 0.1 * sparse.to_dense())


def test_dropout_is_of_looked_up_numbers_and_in_training_only(words: Path) -> None:
    torch.manual_seed(0)
    encoder = WordPooling(words, dropout=0.25)
    batch = tokens(words, ["owl"] * 2_000)  # one word a text: what is pooled is what was looked up
    vector = encoder.eval()(batch)[0]
    dropped = encoder.train()(batch)
    gone = dropped == 0
    assert gone.float().mean().item() == pytest.approx(0.25, abs=0.02)
    torch.testing.assert_close(dropped, torch.where(gone, 0.0, vector / 0.75))
    assert 0 < gone.sum(1).float().mean() < WIDTH  # numbers fall, not whole words
    torch.testing.assert_close(encoder.eval()(batch), vector.expand(2_000, -1), rtol=0, atol=0)


def test_dropout_comes_before_pooling(words: Path) -> None:
    """After it, a quarter of a long text's numbers would be zero; before it, nearly all keep some word's."""
    torch.manual_seed(0)
    encoder = WordPooling(words, "mean", dropout=0.25)
    pooled = encoder(tokens(words, ["snow dog in owl hill road sea"] * 500))
    assert (pooled == 0).float().mean() < 0.01


def test_a_table_that_is_not_trained_has_no_gradient(words: Path) -> None:
    frozen = WordPooling(words, trainable=False)
    assert [parameter for parameter in frozen.parameters() if parameter.requires_grad] == []
    assert not frozen(tokens(words, TEXTS)).requires_grad
    torch.testing.assert_close(frozen.eval()(tokens(words, TEXTS)), WordPooling(words).eval()(tokens(words, TEXTS)))


def test_a_missing_vocabulary_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"words\.parquet: no vocabulary; .* `words`"):
        WordPooling(tmp_path)
