"""Mirrors encoders/pretraining.py."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

from encoders.image import ImageEncoder
from encoders.pictures import open_picture
from encoders.pretraining import info_nce, pretrain_encoders
from encoders.sentences import SentenceEncoder
from encoders.text import TextEncoder
from encoders.tokens import Tokenizer

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200), "grey": (120, 120, 120)}
PLACES = ["harbour", "market", "library", "station"]
TALK = ["wow", "nice one", "where is this", "love it"]


class Unlabelled(NamedTuple):
    texts: list[str]
    comments: list[list[str]]
    pictures: list[Path | None]


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Unlabelled:
    """Texts name a place, pictures show a colour, comments name both; some posts lack one of them."""
    folder, draws = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    made = Unlabelled([], [], [])
    for number in range(240):
        place, colour = PLACES[number % 4], list(COLOURS)[number // 4 % 4]
        pixels = np.clip(draws.normal(COLOURS[colour], 25, (64, 64, 3)), 0, 255).astype(np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path)
        made.texts.append("" if number % 11 == 0 else f"today at the {place} {draws.choice(TALK)}")
        made.comments.append([] if number % 13 == 0 else [f"{draws.choice(TALK)} the {place} in {colour}"])
        made.pictures.append(None if number % 9 == 0 else path)
    (folder / "broken.png").write_bytes(b"")
    made.pictures[1] = folder / "broken.png"
    return made


@pytest.fixture(scope="module")
def trained(posts: Unlabelled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    pretrain_encoders(folder, *posts, seed=0, steps=40, width=32, vocabulary=300)
    return folder


def alike(vectors: np.ndarray, groups: np.ndarray) -> float:
    """Share of posts whose nearest neighbour by cosine is of their own group."""
    vectors = vectors - vectors.mean(0)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return float((groups[scores.argmax(1)] == groups).mean())


def test_info_nce_pair_by_pair() -> None:
    left, right = torch.randn(3, 4), torch.randn(3, 4)
    cosine = torch.nn.functional.cosine_similarity
    scores = [[float(cosine(a, b, dim=0)) / 0.1 for b in right] for a in left]
    terms = []
    for i in range(3):
        terms.append(np.log(sum(np.exp(scores[i]))) - scores[i][i])
        terms.append(np.log(sum(np.exp(scores[j][i]) for j in range(3))) - scores[i][i])
    torch.testing.assert_close(info_nce(left, right), torch.tensor(np.mean(terms), dtype=torch.float32))


def test_unseen_texts_and_pictures_of_a_kind_lie_together(trained: Path) -> None:
    texts = [f"{talk} {place}" for talk in ("see you at", "love the", "nice") for place in PLACES]
    vectors = SentenceEncoder(trained / "text", device="cpu").encode(texts)
    assert alike(vectors, np.arange(len(texts)) % 4) > 0.9
    encoder, draws = ImageEncoder("test_resnet", trained / "image", side=64), np.random.default_rng(1)
    shown = [np.clip(draws.normal(colour, 25, (64, 64, 3)), 0, 255).astype(np.uint8) for colour in COLOURS.values()] * 3
    pixels = torch.stack([encoder.preprocess(Image.fromarray(picture)) for picture in shown])
    assert alike(encoder(pixels).numpy(), np.arange(12) % 4) > 0.9


def test_what_is_saved_is_what_the_encoders_read(trained: Path, posts: Unlabelled) -> None:
    tokenizer, encoder = Tokenizer(trained / "text"), TextEncoder(trained / "text").eval()
    tokens = tokenizer.pad(tokenizer(posts.texts[:3]))
    assert encoder.width == 32
    mean = (encoder.states(tokens) * tokens.mask.unsqueeze(-1)).sum(1) / tokens.mask.sum(1, keepdim=True)
    vectors = SentenceEncoder(trained / "text", device="cpu").encode(posts.texts[:3])
    np.testing.assert_allclose(vectors, mean.detach().numpy(), atol=1e-5)
    image = ImageEncoder("test_resnet", trained / "image", side=64)
    assert image.shape == (96,)
    picture = next(path for path in posts.pictures if path is not None and path.stat().st_size)
    assert image(image.preprocess(open_picture(picture)).unsqueeze(0)).isfinite().all()
    assert sorted(path.name for path in trained.iterdir()) == ["image", "text"]


PRETRAIN = """
import sys
import torch
from encoders.pretraining import pretrain_encoders
torch.set_num_threads(1)
texts = [f"post {n % 5} at the {p}" for n in range(20) for p in ("harbour", "market")]
pretrain_encoders(sys.argv[1], texts, [[text + " wow"] for text in texts], [None] * 40, int(sys.argv[2]), steps=3)
"""


def digest(folder: Path) -> str:
    files = [folder / "text" / "model.safetensors", folder / "text" / "tokenizer.json"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_the_seed_decides_all_in_any_process(tmp_path: Path) -> None:
    for name, seed, hashing in (("a", "0", "1"), ("b", "0", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        subprocess.run([sys.executable, "-c", PRETRAIN, tmp_path / name, seed], env=environment, check=True)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


def test_the_callers_random_numbers_are_left_alone_and_seeds_differ(tmp_path: Path) -> None:
    texts = [f"post {number}" for number in range(6)]
    made = []
    for seed in (0, 1):
        torch.manual_seed(5)
        pretrain_encoders(tmp_path / str(seed), texts, [[text] for text in texts], [None] * 6, seed, steps=1)
        made.append(float(torch.rand(1)))
    torch.manual_seed(5)
    assert made == [float(torch.rand(1))] * 2
    assert digest(tmp_path / "0") != digest(tmp_path / "1")


def test_posts_with_nothing_to_pair_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 of 2 posts"):
        pretrain_encoders(tmp_path, ["a", "b"], [[], []], [None, None], seed=0)
