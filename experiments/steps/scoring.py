"""Stage that scores vectors of words on triplets of phrases and on pairs of words (Pins, section 5.2).

Imports no torch.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.sentences.cleaning import cleaned
from datamodules.triplets.files import Triplets, read_triplets
from datamodules.word_similarity import Correlation, Pair, kind_of, read_sets, spearman
from encoders.atomic import replacing, write_json
from encoders.embeddings import Embeddings, read_embeddings
from encoders.phrases import PhraseVectors, numbered
from experiments.stage import Job
from experiments.wiring import filled

RIGHT = 1  # class of a triplet whose positive phrase is the nearer one: gold of all of them
CLASSES = ["wrong", "right"]
READ = "words"  # what was given of a triplet where all of its phrases have known words
ROWS = 2**20  # triplets whose table is there at one time

Metrics = dict[str, float | None]
NOTHING: Metrics = dict.fromkeys(("accuracy", "covered_accuracy", "coverage"))
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "part": pa.string(),
        "gold": pa.int64(),
        "predicted": pa.int64(),
        "probabilities": pa.list_(pa.float32()),
        "present": pa.list_(pa.string()),
    }
)


class Judged(NamedTuple):
    """How N triplets came out, and how much of their phrases is known."""

    right: NDArray[np.bool_]  # (N,)
    covered: NDArray[np.bool_]  # (N,) all three phrases have a known word
    facts: dict[str, int]  # phrases, words, and the known ones among them

    @property
    def metrics(self) -> Metrics:
        """Accuracy over all triplets, those not covered being wrong; over the covered ones; their share."""
        covered = int(self.covered.sum())
        return {
            "accuracy": float(self.right.mean()),
            "covered_accuracy": float(self.right[self.covered].mean()) if covered else None,
            "coverage": float(self.covered.mean()),
            "triplets": len(self.right),
        }


def scoring(job: Job) -> None:
    """Leave `metrics.json`, `predictions.parquet`, `dataset.json`, and `similarity.json` where there are such sets.

    Settings:
        embeddings: folder, or published file; null is a file that isn't at hand: every score is "n/a".
        triplets: name of a part -> file of triplets.
        similarity: folder of word-similarity sets, or null.
        separator: what the corpus was cleaned with.
        name: of the data set.
        simulated: whether its triplets come from the simulated network.
    """
    settings = filled(job.settings, job.folders)
    path = settings["embeddings"]
    embeddings = read_embeddings(Path(path)) if path else None
    if embeddings is not None and embeddings.repeated:
        print(f"{path}: {embeddings.repeated:,} vectors left out, an earlier one has their word", flush=True)
    known = _score_parts(job.folder, embeddings, settings["triplets"], settings["separator"])
    if settings["similarity"]:
        sets = read_sets(Path(settings["similarity"]))
        found = {name: _compared(embeddings, name, pairs) for name, pairs in sets.items()}
        write_json(job.folder / "similarity.json", found)
    facts = {"name": settings["name"], "simulated": settings["simulated"], "kind": "triplets"}
    facts |= {"classes": CLASSES, "averaging": "macro"} | _chosen(path)
    write_json(job.folder / "dataset.json", facts | {"modalities": [READ], "known": known} | _described(embeddings))


def judge(embeddings: Embeddings, triplets: Triplets, separator: str = "") -> Judged:
    """Score triplets of phrases: their words as they are where these are known, else cleaned as the corpus is."""
    phrases, columns = numbered(triplets)
    vectors = PhraseVectors(embeddings, phrases, partial(_spelled, embeddings, separator))
    facts = {
        "phrases": len(vectors),
        "known_phrases": int(vectors.known.sum()),
        "words": vectors.all_words,
        "known_words": vectors.known_words,
    }
    return Judged(vectors.triplets_right(*columns), vectors.covered(*columns), facts)


def _spelled(embeddings: Embeddings, separator: str, phrases: Sequence[str]) -> list[str]:
    """Published vectors know "t-shirt" and "Paris"; those of a corpus its cleaned words only."""
    each = [phrase.split() for phrase in phrases]
    words = list(dict.fromkeys(word for phrase in each for word in phrase))
    spelled = dict(zip(words, cleaned(words, separator), strict=True))
    spelled |= {words[at]: words[at] for at in np.flatnonzero(embeddings.rows(words) >= 0).tolist()}
    return [" ".join(spelled[word] for word in phrase) for phrase in each]


def _score_parts(
    folder: Path, embeddings: Embeddings | None, files: dict[str, str], separator: str
) -> dict[str, dict[str, int]]:
    """Write metrics and predictions of all parts; return what is known of each part's phrases."""
    metrics, known = {}, {}
    with replacing(folder / "predictions.parquet") as path, pq.ParquetWriter(path, SCHEMA) as writer:
        for part, file in files.items():
            triplets = read_triplets(file)
            judged = None if embeddings is None else judge(embeddings, triplets, separator)
            metrics[part] = judged.metrics if judged else NOTHING | {"triplets": triplets.size}
            known[part] = judged.facts if judged else {}
            for start in range(0, triplets.size, ROWS):
                writer.write_table(_table(part, judged, start, min(start + ROWS, triplets.size)))
            print(f"{part}: {_shown(metrics[part])}", flush=True)
    write_json(folder / "metrics.json", metrics)
    return known


def _table(part: str, judged: Judged | None, start: int, stop: int) -> pa.Table:
    """Predictions of the triplets start to stop; without embeddings nothing was given and all are wrong."""
    nothing = np.zeros(stop - start, bool)
    right, covered = (judged.right[start:stop], judged.covered[start:stop]) if judged else (nothing, nothing)
    ends = np.concatenate([[0], np.cumsum(covered)]).astype(np.int32)
    columns = [
        pc.cast(pa.array(np.arange(start, stop)), pa.string()),
        pa.repeat(part, stop - start),
        np.full(stop - start, RIGHT),
        right.astype(np.int64),
        pa.nulls(stop - start, pa.list_(pa.float32())),
        pa.ListArray.from_arrays(ends, pa.repeat(READ, int(ends[-1]))),
    ]
    return pa.table(columns, schema=SCHEMA)


def _shown(values: Metrics) -> str:
    if values["accuracy"] is None:
        return f"{values['triplets']:,} triplets, n/a: no embeddings"
    return f"{values['triplets']:,} triplets, accuracy {values['accuracy']:.4f}, covered {values['coverage']:.1%}"


def _compared(embeddings: Embeddings | None, name: str, pairs: list[Pair]) -> dict[str, Any]:
    found = spearman(embeddings, pairs) if embeddings else Correlation(None, None, None, len(pairs), 0)
    return found._asdict() | {"kind": kind_of(name)}


def _chosen(path: str | None) -> dict[str, float]:
    """The lambda of the embeddings, where it was chosen."""
    choice = Path(path) / "choice.json" if path else None
    return {"lambda": json.loads(choice.read_text("utf-8"))["weight"]} if choice and choice.is_file() else {}


def _described(embeddings: Embeddings | None) -> dict[str, int]:
    if embeddings is None:
        return {}
    return {"dim": embeddings.size, "words": len(embeddings), "repeated": embeddings.repeated}
