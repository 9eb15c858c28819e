"""Mirrors encoders/pretraining.py."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image

from encoders.image import ImageEncoder
from encoders.pictures import open_picture
from encoders.pretraining import info_nce, pretrain_encoders, word_pieces
from encoders.sentences import SentenceEncoder
from encoders.text import TextEncoder
from encoders.tokens import Tokenizer

PATTERNS = ["rows", "columns", "tiles", "plain"]
PLACES = ["harbour", "market", "library", "station"]
TALK = ["wow", "nice one", "where is this", "love it"]


class Unlabelled(NamedTuple):
    texts: list[str]
    comments: list[list[str]]
    pictures: list[Path | None]


def drawn(pattern: str, draws: np.random.Generator) -> Image.Image:
    """64 x 64 pixels in two random greys, which outweigh the pattern until it is learned."""
    row, column = np.indices((64, 64)) // 8 % 2
    chosen = {"rows": row, "columns": column, "tiles": row ^ column, "plain": row * 0}[pattern]
    return Image.fromarray(draws.integers(0, 256, 2, dtype=np.uint8)[chosen]).convert("RGB")


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Unlabelled:
    """Texts name a place, pictures show a pattern, comments name both; some posts lack one of them."""
    folder, draws = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    made = Unlabelled([], [], [])
    for number in range(240):
        place, pattern = PLACES[number % 4], PATTERNS[number // 4 % 4]
        path = folder / f"{number}.png"
        drawn(pattern, draws).save(path)
        made.texts.append("" if number % 11 == 0 else f"today at the {place} {draws.choice(TALK)}")
        made.comments.append([] if number % 13 == 0 else [f"{draws.choice(TALK)} the {place} in {pattern}"])
        made.pictures.append(None if number % 9 == 0 else path)
    (folder / "broken.png").write_bytes(b"")
    made.pictures[1] = folder / "broken.png"
    return made


@pytest.fixture(scope="module")
def trained(posts: Unlabelled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    pretrain_encoders(folder, *posts, seed=0, steps=60, width=32, vocabulary=300)
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


def kinship(folder: Path) -> tuple[float, float]:
    """How often unseen texts of a place, and unseen pictures of a pattern, find their own kind."""
    texts = [f"{talk} {place}" for talk in ("at the", "today wow the", "nice one in") for place in PLACES]
    vectors = SentenceEncoder(folder / "text", device="cpu").encode(texts)
    encoder, draws = ImageEncoder("test_resnet", folder / "image", side=64), np.random.default_rng(1)
    pixels = torch.stack([encoder.preprocess(drawn(pattern, draws)) for pattern in PATTERNS * 5])
    return alike(vectors, np.arange(12) % 4), alike(encoder(pixels).numpy(), np.arange(20) % 4)


def test_unseen_texts_and_pictures_of_a_kind_come_together(trained: Path, posts: Unlabelled, tmp_path: Path) -> None:
    pretrain_encoders(tmp_path, *posts, seed=0, steps=0, width=32, vocabulary=300)
    text, picture = kinship(trained)
    untrained_text, untrained_picture = kinship(tmp_path)
    assert text > 0.5 > 0.3 > untrained_text
    assert picture > 0.55 > 0.4 > untrained_picture


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


def digest(folder: Path) -> str:
    files = [folder / "text" / "model.safetensors", folder / "text" / "tokenizer.json"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_the_seed_decides_all_and_callers_random_numbers_are_left_alone(tmp_path: Path) -> None:
    texts = [f"post {number % 5} at the {place}" for number in range(20) for place in PLACES]
    drawn = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        torch.manual_seed(5)
        pretrain_encoders(tmp_path / name, texts, [[f"{text} wow"] for text in texts], [None] * 80, seed, steps=2)
        drawn.append(float(torch.rand(1)))
    torch.manual_seed(5)
    assert drawn == [float(torch.rand(1))] * 3
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_word_pieces_are_characters_and_words_by_frequency() -> None:
    texts = ["Owl owl snow", "snow, owl", "once"]
    pieces = list(word_pieces(texts, 100))
    letters = sorted(set("owlsnowonce,"))
    assert pieces[5:] == [*letters, *(f"##{letter}" for letter in letters), "owl", "snow"]
    assert len(word_pieces(texts, 7)) == 7


def test_posts_with_nothing_to_pair_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 of 2 posts"):
        pretrain_encoders(tmp_path, ["a", "b"], [[], []], [None, None], seed=0)
