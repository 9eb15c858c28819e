"""Mirrors experiments/user_figures.py."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from experiments.user_figures import Answer, ShownCluster, answers_figure, clusters_figure, draw_cloud


def pictures(folder: Path, count: int) -> list[Path]:
    for number in range(count):
        Image.new("RGB", (20, 20), (0, 40 * number, 0)).save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(count)]


def cloud(words: dict[str, int]) -> np.ndarray | None:
    axes = Figure().add_subplot()
    draw_cloud(axes, words)
    return np.asarray(axes.images[0].get_array()) if axes.images else None


def test_every_cluster_has_its_cloud_and_its_pictures(tmp_path: Path) -> None:
    files = pictures(tmp_path, 3)
    figure = clusters_figure([ShownCluster("first", {"sea": 3}, files), ShownCluster("second", {"hill": 1}, files[:1])])
    assert [text.get_text() for text in figure.texts] == ["first", "second"]
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    greens = [image[0, 0, 1] for image in shown if image.shape[0] == 20]
    assert greens == [0, 40, 80, 0]
    assert len(shown) == 2 + 4
    places = [axes.get_position() for axes in figure.axes]
    assert not any(one.overlaps(other) for at, one in enumerate(places) for other in places[:at])


def test_a_word_that_is_used_more_is_larger_and_nothing_depends_on_chance() -> None:
    words = {"sea": 90, "hill": 3, "$road$": 2, "naïve": 1}
    np.testing.assert_array_equal(cloud(words), cloud(words))
    one, other = cloud({"sea": 9, "hill": 1}), cloud({"sea": 1, "hill": 9})
    assert (one != other).any()
    assert (cloud({"a": 5, "b": 0}) == cloud({"a": 5})).all(), "what nobody says is not there"


def test_a_cluster_without_words_says_so() -> None:
    axes = Figure().add_subplot()
    draw_cloud(axes, {"sea": 0})
    assert [text.get_text() for text in axes.texts] == ["no words"]
    assert not axes.images


def test_pictures_stand_beside_their_sentence_with_their_cosines(tmp_path: Path) -> None:
    files = pictures(tmp_path, 2)
    figure = answers_figure([Answer("a $sea$", files[::-1], [0.75, 0.5]), Answer("a hill", files[:1], [0.25])])
    assert [text.get_text() for text in figure.texts] == ["“a $sea$”", "“a hill”"]
    greens = [np.asarray(axes.images[0].get_array())[0, 0, 1] for axes in figure.axes]
    assert greens == [40, 0, 0]
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == ["0.75", "0.50", "0.25"]
