"""What a row's common space answers to a sentence, a picture or a user (DU2MCE, Figure 5)."""

import os.path
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from encoders.atomic import write_json
from experiments.documents import Block, Document
from experiments.names import did_you_mean
from experiments.spaces import Floats, RowSpace, nearest
from experiments.stages import Stage
from lightning_modules.pairs import PARTS

ASKED_FOR = {"text": ("image", "user"), "image": ("text", "user"), "user": ("text", "image")}  # modality -> galleries
PLURAL = {"text": "texts", "image": "pictures", "user": "users"}
SIGNS = ("@", "user:")  # before a user's name
SHOWN = 100  # characters of a text


class Query(NamedTuple):
    """What is asked, as a vector."""

    modality: str
    vector: Floats  # (D,) of unit length
    read_as: str


def learned(arguments: dict[str, Any]) -> set[str]:
    """Modalities that a model with these arguments has learned, itself or before it was frozen."""
    pairs = arguments["pairs"]
    if pairs is None:  # the paper's, of all three
        return set(PLURAL)
    names = {name for pair in pairs if pair["weight"] > 0 for name in (pair["anchor"], pair["other"])}
    return {part for name in names for part in PARTS[name]} | set(arguments["frozen"])


def open_space(ranks: Stage, checkpoint: Path, store: Path) -> RowSpace:
    """The space of a checkpoint, given the stage that would rank by it and what this reads."""
    asked = replace(ranks, settings=ranks.settings | {"checkpoint": str(checkpoint.absolute())})
    with TemporaryDirectory(prefix=".search-", dir=store) as folder:
        write_json(Path(folder) / "stage.json", asked.description(store))
        return RowSpace.open(Path(folder))


def search(space: RowSpace, query: str, top: int, known: set[str]) -> Document:
    """Answer a sentence, a picture's path, or a user's name after `@` or `user:`.

    Args:
        space: where all three lie.
        query: in words.
        top: answers of a kind, at most.
        known: modalities that the space has learned; the others answer nothing.

    Raises:
        FileNotFoundError: it names a picture that is not there.
        ValueError: a user without posts in training, a file that is no picture, a sentence without known words, or a
            modality that was not learned.
    """
    modality = modality_of(query)
    if modality not in known:
        raise ValueError(
            f"{query!r}: this checkpoint has not learned {PLURAL[modality]}, as their pairs' weights are 0"
        )
    asked = _encoded(space, query, modality)
    blocks = [_block(space, name, asked.vector, top) for name in ASKED_FOR[modality] if name in known]
    lacking = [PLURAL[name] for name in ASKED_FOR[modality] if name not in known]
    notes = [f"Not learned by this checkpoint: {', '.join(lacking)}."] * bool(lacking)
    return Document(f"Nearest to {query}", [asked.read_as, *notes], blocks)


def modality_of(query: str) -> str:
    """Which of text, image and user is asked with."""
    if query.startswith(SIGNS):
        return "user"
    named = Path(query).suffix.lower() in Image.registered_extensions()
    return "image" if named or os.path.isfile(query) else "text"  # pathlib raises where a sentence is a long one


def _encoded(space: RowSpace, query: str, modality: str) -> Query:
    if modality == "user":
        name = _name(space, query)
        return Query(modality, space.user_vectors[space.users.index(name)], f"User {name}.")
    if modality == "image":
        if not Path(query).is_file():
            raise FileNotFoundError(f"{query}: no such picture")
        return Query(modality, space.encode_pictures([query])[0], f"Picture {Path(query).absolute()}.")
    vector = space.encode_sentence(query)
    return Query(modality, vector, f"Words that are read: {' '.join(space.known_words(query))}.")


def _name(space: RowSpace, query: str) -> str:
    """The user that is meant; a name may itself begin with the sign."""
    name = query.removeprefix("user:") if query.startswith("user:") else query.removeprefix("@")
    found = next((each for each in (name, query) if each in space.users), None)
    if found is None:
        near = did_you_mean(name, space.users)
        raise ValueError(f"no user {name!r} among {len(space.users):,} with posts in training.{near}")
    return found


def _block(space: RowSpace, modality: str, vector: Floats, top: int) -> Block:
    vectors = [space.user_vectors] if modality == "user" else space.blocks(modality)
    hits = nearest(vectors, vector, top)
    told = {"text": _texts, "image": _pictures, "user": _users}[modality](space, [hit.row for hit in hits])
    lines = [[str(hit.rank), f"{hit.cosine:.3f}", name, shown] for hit, (name, shown) in zip(hits, told, strict=True)]
    last = {"text": "text", "image": "path", "user": "posts"}[modality]
    notes = [] if hits else [f"There are no {PLURAL[modality]}."]
    return Block(PLURAL[modality].capitalize(), ["rank", "cosine", "id", last], lines, notes, words=4)


def _texts(space: RowSpace, rows: Sequence[int]) -> list[tuple[str, str]]:
    ids = [space.post_ids[row] for row in rows]
    return [(post, textwrap.shorten(text, SHOWN)) for post, text in zip(ids, space.texts(rows), strict=True)]


def _pictures(space: RowSpace, rows: Sequence[int]) -> list[tuple[str, str]]:
    """The first post of each picture, and the file."""
    found = []
    for path in (space.picture_paths[row] for row in rows):
        posts = np.flatnonzero(space.corpus.picture == space.corpus.pictures.index(path))
        found.append((space.corpus.ids[posts[0]], str(space.posts.media(path))))
    return found


def _users(space: RowSpace, rows: Sequence[int]) -> list[tuple[str, str]]:
    return [(space.users[row], f"{int((space.corpus.user == row).sum()):,}") for row in rows]
