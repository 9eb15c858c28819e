"""Mirrors experiments/steps/corpus.py, on a small simulated network."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from datamodules.posts import Posts
from datamodules.sentences import Cleaning, Corpus, Words, write_corpus


def test_the_stage_writes_the_corpus_of_its_settings(planned: Any, tmp_path: Path) -> None:
    made = planned(experiment="pins")
    found = Corpus(made.run("sentences"))
    direct = write_corpus(Posts(made.folder("pins") / "posts"), tmp_path / "corpus", Cleaning(), Words(1), "paper")
    assert (found.words, found.pictures, found.parts) == (direct.words, direct.pictures, direct.parts)
    assert found.parts == ["train", "validation", "test"]
    for part in found.parts:
        for one, other in zip(found.part(part), direct.part(part), strict=True):
            np.testing.assert_array_equal(one, other)
    assert found.info["settings"] == direct.info["settings"]


def test_workers_change_nothing(planned: Any) -> None:
    """They are no part of what names a stage's folder."""
    one, two = (planned(f"--data.num_workers={number}", experiment="pins").stages["sentences"] for number in (0, 2))
    assert one.fingerprint == two.fingerprint
    assert json.dumps(one.settings) == json.dumps(two.settings)
