"""What the finished runs of the Pins paper leave: embeddings, triplets, posts and clicks of a row. Imports no torch."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from encoders.embeddings import Embeddings, read_embeddings
from experiments.finished import settings_of


class Answers(NamedTuple):
    """How a row's N triplets of a part came out, in the order of their file."""

    right: NDArray[np.bool_]  # (N,)
    covered: NDArray[np.bool_]  # (N,) all three phrases have a known word


def row_embeddings(folder: Path) -> Embeddings | None:
    """The embeddings that a `scores` stage scored; None where they are a published file that nobody has named."""
    path = settings_of(folder)["embeddings"]
    return read_embeddings(Path(path)) if path else None


def triplet_file(folder: Path, part: str) -> Path:
    """The file of a part's triplets; ValueError names the parts there are."""
    files = settings_of(folder)["triplets"]
    if part not in files:
        raise ValueError(f"{folder}: no triplets {part!r}; there are {', '.join(files)}")
    return Path(files[part])


def read_answers(folder: Path, part: str) -> Answers:
    """A part's predictions; only the columns that say what is right and what is known, since there may be millions."""
    path, asked = folder / "predictions.parquet", [("part", "==", part)]
    table = pq.read_table(path, columns=["predicted", "present"], filters=asked)
    right = table["predicted"].to_numpy() == 1
    return Answers(right, pc.greater(pc.list_value_length(table["present"]), 0).to_numpy())


def read_known(folder: Path) -> dict[str, Any]:
    """`dim` and `words` of a row's vectors, and what is `known` of each part's phrases; {} without embeddings."""
    facts: dict[str, Any] = json.loads((folder / "dataset.json").read_text("utf-8"))
    return facts if "dim" in facts else {}


def read_similarity(folder: Path) -> dict[str, dict[str, Any]]:
    """Word-similarity set -> its correlation; {} where none were asked for."""
    path = folder / "similarity.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
