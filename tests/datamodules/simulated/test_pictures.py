"""Mirrors datamodules/simulated/pictures.py."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from datamodules.simulated.pictures import GLYPHS, render
from datamodules.simulated.scenes import KINDS, SCENES, WEATHERS


def picture(rng: np.random.Generator, kind: str, weather: str) -> np.ndarray:
    return np.asarray(render(rng, kind, weather))


@pytest.mark.parametrize("kind", KINDS)
def test_every_scene_in_every_weather_is_drawn(kind: str) -> None:
    drawn = [picture(np.random.default_rng(1), kind, weather) for weather in WEATHERS]
    assert {pixels.shape for pixels in drawn} == {(64, 64, 3)}
    assert len({pixels.tobytes() for pixels in drawn}) == len(WEATHERS)
    assert kind in GLYPHS


def test_colours_tell_the_scene_in_part_but_not_its_mood() -> None:
    rng = np.random.default_rng(0)
    kinds = [str(rng.choice(KINDS)) for _ in range(900)]
    means = []
    for kind in kinds:
        blocks = picture(rng, kind, str(rng.choice(WEATHERS))).reshape(4, 16, 4, 16, 3)
        means.append(blocks.mean((1, 3)).ravel() / 255)  # (48,) colours of 4 x 4 blocks
    seen = np.array(means)
    scene, mood = np.array(kinds), np.array([SCENES[kind].mood for kind in kinds])
    scores = {}
    for name, gold in {"scene": scene, "mood": mood}.items():
        model = LogisticRegression(max_iter=500).fit(seen[:600], gold[:600])
        scores[name] = model.score(seen[600:], gold[600:])
    assert 2 / 12 < scores["scene"] < 0.8
    assert scores["mood"] < 0.8
