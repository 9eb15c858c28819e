"""Mirrors experiments/steps/skipgram.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gensim.models import Word2Vec

from datamodules.sentences.corpus import VERSION, Corpus
from encoders.embeddings import Embeddings
from experiments.stage import Job
from experiments.steps import word2vec
from experiments.steps.skipgram import skipgram, training_sentences

WORDS = ["<bos>", "<eos>", "<unk>", "a", "dog", "runs", "cat", "sleeps", "far"]
SETTINGS = {"corpus": "{corpus}", "size": 6, "window": 2, "negative": 3, "epochs": 2, "seed": 0}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """40 training sentences of 3 to 6 words; `far` is only in the validation part."""
    folder = tmp_path / "corpus"
    random = np.random.default_rng(0)
    sentences = {"train": [random.integers(2, 8, 3 + number % 4) for number in range(40)], "validation": [[8, 3, 4, 5]]}
    for part, rows in sentences.items():
        (folder / part).mkdir(parents=True)
        np.save(folder / part / "tokens.npy", np.concatenate(rows).astype(np.int32))
        np.save(folder / part / "offsets.npy", np.cumsum([0, *map(len, rows)]))
        np.save(folder / part / "pictures.npy", np.full(len(rows), -1, np.int32))
    pq.write_table(pa.table({"word": WORDS, "count": range(9, 0, -1)}), folder / "words.parquet")
    (folder / "corpus.json").write_text(json.dumps({"version": VERSION, "parts": {part: {} for part in sentences}}))
    return folder


def trained(folder: Path, corpus: Path, **changed: Any) -> Embeddings:
    folder.mkdir(exist_ok=True)
    skipgram(Job(folder, SETTINGS | changed, {"corpus": corpus}, {}, {}))
    return Embeddings.load(folder)


def test_sentences_are_the_training_ones_each_time(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Corpus(corpus).part("train")
    wanted = [
        [WORDS[number] for number in part.tokens[begin:end]]
        for begin, end in zip(part.offsets, part.offsets[1:], strict=False)
    ]
    sentences = training_sentences(Corpus(corpus))
    assert list(sentences) == wanted
    monkeypatch.setattr(word2vec, "AT_ONCE", 7)
    assert list(sentences) == wanted


def test_vectors_are_gensims_without_those_of_special_words(corpus: Path, tmp_path: Path) -> None:
    found = trained(tmp_path / "made", corpus)
    sentences = list(training_sentences(Corpus(corpus)))
    theirs = Word2Vec(sentences, sg=1, vector_size=6, window=2, negative=3, epochs=2, min_count=1, seed=0, workers=1)
    assert found.words == WORDS[3:8], "in the corpus's order, without what no training sentence has"
    np.testing.assert_array_equal(found.vectors, theirs.wv[found.words])
    assert "<unk>" in theirs.wv


def test_the_seed_alone_decides(corpus: Path, tmp_path: Path) -> None:
    first, again = (trained(tmp_path / name, corpus).vectors for name in ("first", "again"))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, trained(tmp_path / "other", corpus, seed=1).vectors)


def test_every_epoch_has_a_line(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained(tmp_path / "made", corpus, epochs=3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"epoch {number} of 3" for number in (1, 2, 3)]
    assert all(line.endswith("words/s") for line in lines)


def test_a_corpus_without_training_sentences_is_named(corpus: Path, tmp_path: Path) -> None:
    info = json.loads((corpus / "corpus.json").read_text())
    (corpus / "corpus.json").write_text(json.dumps(info | {"parts": {"validation": {}}}))
    with pytest.raises(ValueError, match=rf"{corpus}: no part 'train'"):
        trained(tmp_path / "made", corpus)
