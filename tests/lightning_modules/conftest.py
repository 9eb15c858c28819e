"""Sentences packed slowly, and a vocabulary for them; posts of users, and a space for them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from encoders.batches import PackedSentences, PostTriples
from encoders.bits import pack
from encoders.text_cnn import SentenceCNN
from lightning_modules import FinalState, InitialState, UserContentEmbeddings, WordEmbeddings, WordVectors

BOS, EOS = 0, 1
WORDS, WIDTH = 24, 11  # of the vocabulary, bits of a picture

Pack = Callable[..., PackedSentences]


def packed(sentences: Sequence[list[int]], pictures: Sequence[list[int] | None] | None = None) -> PackedSentences:
    """Sentences of word numbers, longest first, word by word; pictures are bits, None where there is none."""
    words, targets, sentence, sizes, last = [], [], [], [], [0] * len(sentences)
    for step in range(max(map(len, sentences), default=-1) + 1):
        going = [number for number, said in enumerate(sentences) if step <= len(said)]
        sizes.append(len(going))
        for number in going:
            if step == len(sentences[number]):
                last[number] = len(words)
            words.append([BOS, *sentences[number]][step])
            targets.append([*sentences[number], EOS][step])
            sentence.append(number)
    pictures = pictures if pictures is not None else [None] * len(sentences)
    bits = torch.tensor([picture or [0] * WIDTH for picture in pictures], dtype=torch.bool).reshape(-1, WIDTH)
    present = torch.tensor([picture is not None for picture in pictures], dtype=torch.bool)
    numbers = (torch.tensor(values, dtype=torch.int64) for values in (words, targets, sentence, last))
    return PackedSentences(*numbers, sizes, pack(bits), present)


@pytest.fixture
def pack_slowly() -> Pack:
    return packed


@pytest.fixture
def batch() -> PackedSentences:
    """Four sentences of 4, 3, 3 and 1 words; the second has no picture; no word is above 9 and 5 is not said."""
    pictures = [[int(bit) for bit in f"{number:011b}"] for number in (1027, 1301, 642)]
    said = [[2, 3, 4, 6], [3, 3, 7], [9, 2, 8], [4]]
    return packed(said, [pictures[0], None, *pictures[1:]])


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WORDS words, the commonest first."""
    folder = tmp_path_factory.mktemp("vocabulary")
    rows = {"word": [f"w{number}" for number in range(WORDS)], "count": [600 // (k + 1) for k in range(WORDS)]}
    pq.write_table(pa.table(rows), folder / "words.parquet")
    return folder


VISUALS = {"text": None, "A": InitialState, "B": FinalState, "C": WordVectors}


@pytest.fixture
def model(vocabulary: Path) -> Callable[..., WordEmbeddings]:
    """Make a model of word embeddings by its letter, each time with the same weights, in float64.

    They are larger than those at the `start`, and biases are other than 0, so that no unit is asleep.
    """

    def made(letter: str = "A", start: bool = False, **options: object) -> WordEmbeddings:
        torch.manual_seed(0)
        sizes = {"state_size": 6, "embedding_size": 4, "picture_size": WIDTH, "negatives": 8}
        found = WordEmbeddings(vocabulary, VISUALS[letter], **(sizes | options)).double()
        if not start:
            with torch.no_grad():
                for parameter in found.parameters():
                    parameter.uniform_(-0.8, 0.8)
                found.to_words[0].bias.fill_(0.5)
        return found

    return made


PICTURE, TEXTS, USERS = 7, 12, 6  # width of a picture, words, users


@pytest.fixture(scope="session")
def starts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of TEXTS words, of which the first pads, and of USERS users, with vectors of 5 numbers."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("words", "users")}
    generator = np.random.default_rng(0)
    for name, count in (("words", TEXTS), ("users", USERS)):
        vectors = generator.normal(size=(count, 5)).astype(np.float32)
        vectors[0] *= name == "users"
        np.save(folders[name] / "vectors.npy", vectors)
    rows = {"word": ["<pad>", *(f"w{k}" for k in range(1, TEXTS))], "count": [0, *range(TEXTS, 1, -1)]}
    pq.write_table(pa.table(rows), folders["words"] / "words.parquet")
    return folders


@pytest.fixture
def space(starts: dict[str, Path]) -> Callable[..., UserContentEmbeddings]:
    """Make a model of users and content, each time with the same weights, in float64."""

    def made(**options: object) -> UserContentEmbeddings:
        torch.manual_seed(0)
        sizes = {"picture_size": PICTURE, "size": 8, "text": partial(SentenceCNN, widths=(2, 3), filters=(4, 3))}
        return UserContentEmbeddings(starts["words"], starts["users"], **(sizes | options)).double()

    return made


@pytest.fixture
def triples() -> Callable[..., PostTriples]:
    """Make a batch of posts, given identities of pictures, texts and users; inputs follow from the identities."""

    def made(*rows: tuple[int, int, int]) -> PostTriples:
        picture, text, user = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).T
        pictures = [
            torch.randn(PICTURE, generator=torch.Generator().manual_seed(each))
            for each in picture.tolist()
            if each >= 0
        ]
        words = [[each % 11 + 1, each % 7 + 2, each % 3 + 1, each % 2] for each in text.tolist() if each >= 0]
        return PostTriples(
            torch.stack(pictures).double() if pictures else torch.zeros(0, 0),
            torch.tensor(words, dtype=torch.int64).reshape(-1, 4),
            picture,
            text,
            user,
        )

    return made
