"""What a classifier said of the posts of a part, and the files that tables and reports read. Imports no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.missing import only
from datamodules.posts import Posts
from encoders.atomic import replacing, write_json
from experiments.scores import confusion, score
from experiments.tables import SHARES, Averaging

Scores = dict[str, dict[str, float | None]]  # part -> metric -> value in [0, 1], None where it does not apply
Scored = Literal["validation", "test"]
PARTS: tuple[Scored, ...] = get_args(Scored)


@dataclass(frozen=True)
class Predicted:
    """A classifier's answers for P posts, in the order of their part.

    Args:
        ids: of the posts.
        gold: (P,) class, below 0 where there is none.
        probabilities: (P, C).
        modalities: names of the M modalities that the classifier reads.
        present: (P, M) which of them it was given.
        shown: further columns of `predictions.parquet`, such as comments and attention; P values each.
    """

    ids: list[str]
    gold: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    modalities: Sequence[str]
    present: NDArray[np.bool_]
    shown: dict[str, pa.Array] = field(default_factory=dict)

    @property
    def applies(self) -> bool:
        """Whether any post has something that the classifier reads; else its answer is the same for all."""
        return bool(self.present.any())


def views(part: str, modalities: Sequence[str]) -> dict[str, dict[str, float]]:
    """The part as posts with one modality alone: name -> what is missing (Table 5); {} for one modality."""
    return {alone(part, name): only(name, modalities) for name in modalities} if len(modalities) > 1 else {}


def alone(part: str, modality: str) -> str:
    """Name of the part as posts with one modality alone."""
    return f"{part}, {modality} only"


def measure(found: Predicted, averaging: Averaging) -> dict[str, float | None]:
    """Every metric, in [0, 1]; None ("n/a") where no post has what the classifier reads."""
    if not found.applies:
        return dict.fromkeys(SHARES)
    counts = confusion(found.gold, found.probabilities.argmax(1), found.probabilities.shape[1])
    return {name: float(score(counts, name, averaging)) for name in SHARES}


def write_results(
    folder: Path, found: Mapping[str, Predicted], averaging: Averaging, benchmark: Path, task: str, **facts: Any
) -> Scores:
    """Write `metrics.json`, `predictions.parquet` and `dataset.json`; return the scores.

    Args:
        folder: of the stage.
        found: name of a part or view -> answers.
        averaging: of precision, recall and F1.
        benchmark: prepared folder of the posts.
        task: which labels were learned.
        facts: anything else about the data.
    """
    scores = {part: measure(answers, averaging) for part, answers in found.items()}
    tables = [_table(*item) for item in found.items()]
    with replacing(folder / "predictions.parquet") as path:
        pq.write_table(pa.concat_tables(tables, promote_options="default"), path)
    write_json(folder / "metrics.json", scores)
    posts = Posts(benchmark)
    name = posts.info["name"]
    known = {"name": name, "simulated": name.startswith("simulated"), "classes": posts.classes(task)}
    modalities = list(next(iter(found.values())).modalities)
    how = {"benchmark": str(benchmark), "averaging": averaging, "modalities": modalities}
    write_json(folder / "dataset.json", {**known, **how, **facts})
    print("; ".join(f"{part} {_shown(values)}" for part, values in scores.items()), flush=True)
    return scores


def _shown(values: Mapping[str, float | None]) -> str:
    if values["f1"] is None:
        return "n/a: no post has what the classifier reads"
    return f"accuracy {values['accuracy']:.4f}, F1 {values['f1']:.4f}"


def _table(part: str, found: Predicted) -> pa.Table:
    names = np.array(found.modalities)
    columns: dict[str, Any] = {
        "id": found.ids,
        "part": [part] * len(found.ids),
        "gold": found.gold,
        "predicted": found.probabilities.argmax(1),
        "probabilities": pa.array(found.probabilities.tolist(), pa.list_(pa.float32())),
        "present": pa.array([names[row].tolist() for row in found.present], pa.list_(pa.string())),
    }
    return pa.table(columns | found.shown)


def read_predicted(folder: Path, part: str, modalities: Sequence[str]) -> Predicted:
    """A finished stage's answers for a part, without what is shown beside them."""
    columns = ["id", "part", "gold", "probabilities", "present"]
    table = pq.read_table(folder / "predictions.parquet", columns=columns, filters=[("part", "=", part)])
    present = [[name in there for name in modalities] for there in table["present"].to_pylist()]
    return Predicted(
        table["id"].to_pylist(),
        table["gold"].to_numpy(),
        np.array(table["probabilities"].to_pylist(), dtype=np.float32),
        modalities,
        np.array(present, dtype=bool).reshape(-1, len(modalities)),
    )
