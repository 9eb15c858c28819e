"""What a finished stage leaves behind: metrics, predictions with attention, and on which data.

Imports nothing heavy.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from experiments.tables import Averaging

FILES = "metrics.json, predictions.parquet and dataset.json"

Kind = Literal["posts", "triplets", "ranks"]


@dataclass(frozen=True)
class DataFacts:
    """On which posts a stage was scored.

    Args:
        name: the prepared data set's name.
        simulated: posts of the simulated network.
        classes: class names in order.
        benchmark: the prepared data set's folder, where it is known.
        corpus: name of the prepared corpus that posts and comments were retrieved from, where it is known.
        base: class name of the base classifier, where it is known.
        averaging: of precision, recall and F1.
        modalities: what the classifier reads.
        dim: width of the word vectors, where it is those that are scored.
        kind: what is scored: posts that a classifier gave a class, triplets of phrases by vectors of words, or ranks.
    """

    name: str
    simulated: bool
    classes: list[str]
    benchmark: Path | None = None
    corpus: str | None = None
    base: str | None = None
    averaging: Averaging = "weighted"
    modalities: tuple[str, ...] = ()
    dim: int | None = None
    kind: Kind = "posts"

    @property
    def label(self) -> str:
        """The name; simulated posts say so."""
        return f"{self.name} (simulated)" if self.simulated and "simulated" not in self.name else self.name


@dataclass(frozen=True)
class PredictedPost:
    """A scored post.

    Args:
        id: the post's id.
        part: validation or test.
        gold: class, below 0 where there is none.
        predicted: class.
        probabilities: one a class.
        comments: retrieved comments that the classifier saw, best first.
        image_attention: weight of each comment by the picture; empty where the classifier has none.
        text_attention: weight of each comment by the text; empty where the classifier has none.
        text: the post's text, once `with_content` has looked it up.
        picture: its picture's file, likewise.
        present: modalities that the classifier was given; None where the stage did not note them.
    """

    id: str
    part: str
    gold: int
    predicted: int
    probabilities: list[float]
    comments: list[str]
    image_attention: list[float]
    text_attention: list[float]
    text: str | None = None
    picture: Path | None = None
    present: tuple[str, ...] | None = None

    @property
    def is_right(self) -> bool:
        return self.gold == self.predicted

    @property
    def applies(self) -> bool:
        """Whether the classifier was given anything of the post."""
        return self.present is None or bool(self.present)

    @property
    def attention_spread(self) -> float:
        """Largest minus smallest weight, by picture or by text, whichever is more."""
        return max(max(weights) - min(weights) if weights else 0.0 for weights in self.attention.values())

    @property
    def attention(self) -> dict[str, list[float]]:
        """Weights by what looks at the comments."""
        return {"image": self.image_attention, "text": self.text_attention}


def scored_parts(folder: Path) -> list[str]:
    """The parts that a stage was scored on, in their order."""
    return list(_read_json(folder / "metrics.json"))


def read_metrics(folder: Path, part: str = "test") -> dict[str, float]:
    """Metric -> share or count on one part, nan where it does not apply; ValueError names the file and its parts."""
    path = folder / "metrics.json"
    parts = _read_json(path)
    if part not in parts:
        raise ValueError(f"{path}: no part {part!r}; there are {', '.join(parts)}")
    return {name: float("nan") if value is None else value for name, value in parts[part].items()}


def read_facts(folder: Path) -> DataFacts:
    """On which data the stage was scored; ValueError names a key that is missing."""
    path = folder / "dataset.json"
    raw = _read_json(path)
    for key in ("name", "simulated", "classes"):
        if key not in raw:
            raise ValueError(f"{path}: no key {key!r}")
    benchmark = Path(raw["benchmark"]) if raw.get("benchmark") else None
    known = raw.get("corpus"), _base(folder / "config.yaml"), raw.get("averaging", "weighted")
    modalities = tuple(raw.get("modalities", ()))
    own = raw["name"], bool(raw["simulated"]), list(raw["classes"])
    return DataFacts(*own, benchmark, *known, modalities, raw.get("dim"), raw.get("kind", "posts"))


def read_predictions(folder: Path, part: str = "test") -> list[PredictedPost]:
    """The posts of one part, in stored order; FileNotFoundError says what makes the file."""
    import pyarrow.parquet as pq

    table = pq.read_table(_existing(folder / "predictions.parquet"), filters=[("part", "==", part)])
    return [_predicted(row) for row in table.to_pylist()]


def count_predictions(folder: Path, part: str = "test") -> int:
    """How many posts or triplets of one part were scored; there may be millions."""
    import pyarrow.parquet as pq

    path = _existing(folder / "predictions.parquet")
    return pq.read_table(path, columns=["part"], filters=[("part", "==", part)]).num_rows


def with_content(posts: list[PredictedPost], benchmark: Path | None) -> list[PredictedPost]:
    """The posts with their texts and pictures, where the prepared data set is known and still there."""
    if benchmark is None or not (benchmark / "dataset.json").is_file():
        return posts
    from datamodules.posts import Posts

    data = Posts(benchmark)
    rows = data.rows([post.id for post in posts])
    texts = [row["text"] or row["title"] or row["ocr_text"] for row in rows]
    pictures = [data.picture(row) for row in rows]
    return [
        replace(post, text=text, picture=picture) for post, text, picture in zip(posts, texts, pictures, strict=True)
    ]


def _predicted(row: dict[str, Any]) -> PredictedPost:
    comments = row.get("comments") or []
    image, text = ((row.get(f"{side}_attention") or [])[: len(comments)] for side in ("image", "text"))  # padded to N
    probabilities = row["probabilities"] or []
    present = None if row.get("present") is None else tuple(row["present"])
    own = row["id"], row["part"], row["gold"], row["predicted"]
    return PredictedPost(*own, probabilities, comments, image, text, present=present)


def _base(config: Path) -> str | None:
    """Class name of the base classifier that a stage was configured with."""
    if not config.is_file():
        return None
    import yaml

    base = yaml.safe_load(config.read_text("utf-8"))["model"]["init_args"].get("base") or {}
    return str(base["class_path"]).rsplit(".", 1)[-1] if "class_path" in base else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_existing(path).read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: no JSON ({error}); set its folder aside and run the stage again") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: holds no JSON object; set its folder aside and run the stage again")
    return content


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there; a finished classifier's or row of scores' folder holds {FILES}")
    return path
