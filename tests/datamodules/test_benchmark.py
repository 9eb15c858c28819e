"""Mirrors datamodules/benchmark.py."""

from pathlib import Path

import pytest

from datamodules import benchmark
from datamodules.benchmark import Benchmark
from encoders.batches import UNLABELLED


@pytest.fixture
def emotions(emotion_inputs: dict[str, Path]) -> Benchmark:
    return Benchmark(emotion_inputs["benchmark"], "emotion")


def test_a_part_is_its_posts_and_training_posts_have_a_label(emotions: Benchmark) -> None:
    assert emotions.ids("train") == [f"e/{number}" for number in range(13) if number != 3]
    assert emotions.ids("validation") == [f"e/{number}" for number in range(13, 17)]
    assert emotions.ids("test") == [f"e/{number}" for number in range(17, 21)]


def test_labels_are_numbers_of_classes(emotions: Benchmark) -> None:
    assert emotions.classes == ["joy", "fear", "anger"]
    assert emotions.gold(["e/2", "e/3", "e/4", "of nobody"]).tolist() == [2, UNLABELLED, 1, UNLABELLED]
    assert emotions.gold([]).shape == (0,)
    assert benchmark.UNLABELLED == UNLABELLED  # said twice, as encoders.batches imports torch


def test_errors_name_what_there_is(emotion_inputs: dict[str, Path], tmp_path: Path) -> None:
    folder = emotion_inputs["benchmark"]
    with pytest.raises(ValueError, match=r"split 'paper' has no part 'unlabelled', only \['train', 'validation', 'te"):
        Benchmark(folder, "emotion").ids("unlabelled")
    with pytest.raises(ValueError, match=r"no split 'mine'; there are \['paper'\]"):
        Benchmark(folder, "emotion", "mine").ids("train")
    with pytest.raises(ValueError, match="taste"):
        Benchmark(folder, "taste").ids("train")
    with pytest.raises(FileNotFoundError, match=r"datamodules\.prepare"):
        Benchmark(tmp_path, "emotion").ids("train")
