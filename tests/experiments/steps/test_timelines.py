"""Mirrors experiments/steps/timelines.py, on a small simulated network."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from gensim.models import Word2Vec

from datamodules.timelines import Timelines
from experiments.stage import job_of
from experiments.steps.timelines import user_start, word_vectors


@pytest.fixture(scope="module")
def made(planned: Any) -> Any:
    """Up to the table's starting vectors."""
    made = planned(experiment="du2mce")
    made.run("user_start")
    return made


@pytest.fixture(scope="module")
def corpus(made: Any) -> Timelines:
    return Timelines(made.folder("timelines"))


def words_of(corpus: Timelines, post: int) -> list[int]:
    return corpus.tokens[corpus.offsets[post] : corpus.offsets[post + 1]].tolist()


def test_the_corpus_is_made_with_the_experiments_settings(corpus: Timelines, made: Any) -> None:
    told = corpus.info["settings"]
    assert (told["accounts"]["min_posts"], told["texts"]["min_count"], told["shares"]["pairs"]) == (5, 1, 5000)
    assert told["seed"] == 0
    assert all(len(corpus.rows(part)) for part in ("train", "validation", "test"))


def test_word_vectors_are_gensims_of_the_training_texts_alone(corpus: Timelines, made: Any) -> None:
    sentences = [[corpus.words[word] for word in words_of(corpus, post)] for post in corpus.rows("train")]
    theirs = Word2Vec(sentences, sg=0, vector_size=8, window=5, negative=5, epochs=1, min_count=1, seed=0, workers=1)
    folder = made.folder("word_vectors")
    vectors, words = np.load(folder / "vectors.npy"), pq.read_table(folder / "words.parquet")["word"].to_pylist()
    assert words == corpus.words
    assert not vectors[0].any()
    np.testing.assert_array_equal(vectors[1:], theirs.wv[words[1:]])


def test_users_start_from_the_mean_of_their_training_words(corpus: Timelines, made: Any) -> None:
    vectors, found = (np.load(made.folder(name) / "vectors.npy") for name in ("word_vectors", "user_start"))
    assert found.shape == (len(corpus.users), 8)
    for user in range(len(corpus.users)):
        posts = [post for post in corpus.rows("train") if corpus.user[post] == user]
        words = [word for post in posts for word in words_of(corpus, post)]
        if words:
            np.testing.assert_allclose(found[user], vectors[words].mean(0), rtol=1e-4, atol=1e-6)
        assert found[user].any()


def again(made: Any, name: str, folder: Path, **changed: Any) -> Any:
    """A stage's job in another folder."""
    folder.mkdir()
    plan = made.stages[name].description(made.store)
    return job_of(folder, plan | {"settings": plan["settings"] | changed})


def test_random_users_are_as_large_and_know_no_words(made: Any, tmp_path: Path) -> None:
    user_start(again(made, "user_start", tmp_path / "random", start="random"))
    mean, random = np.load(made.folder("user_start") / "vectors.npy"), np.load(tmp_path / "random" / "vectors.npy")
    assert np.sqrt(np.square(random).mean()) == pytest.approx(np.sqrt(np.square(mean).mean()), rel=0.3)
    assert not np.isclose(random, mean).all(1).any()


def test_pictures_without_texts_have_padding_for_words_and_random_users(made: Any, tmp_path: Path) -> None:
    there = made.folder("timelines")
    bare = tmp_path / "timelines"
    bare.mkdir()
    for file in there.iterdir():
        if file.is_file():
            (bare / file.name).write_bytes(file.read_bytes())
    pq.write_table(pq.read_table(there / "words.parquet")[:1], bare / "words.parquet")
    np.save(bare / "tokens.npy", np.zeros(0, np.int32))
    np.save(bare / "offsets.npy", np.zeros_like(np.load(there / "offsets.npy")))
    job = again(made, "word_vectors", tmp_path / "vectors")
    word_vectors(job_of(job.folder, _with(made, "word_vectors", timelines=str(bare))))
    np.testing.assert_array_equal(np.load(job.folder / "vectors.npy"), np.zeros((1, 8)))
    start = again(made, "user_start", tmp_path / "start")
    user_start(job_of(start.folder, _with(made, "user_start", timelines=str(bare), word_vectors=str(job.folder))))
    assert np.load(start.folder / "vectors.npy").any(1).all()


def _with(made: Any, name: str, **inputs: str) -> dict[str, Any]:
    plan = made.stages[name].description(made.store)
    return json.loads(json.dumps(plan | {"inputs": plan["inputs"] | inputs}))  # type: ignore[no-any-return]


def test_the_stages_without_pictures_import_no_torch() -> None:
    code = "import sys, experiments.steps.timelines; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
