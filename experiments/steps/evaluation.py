"""Predictions of a part, merged over devices, and the metrics that tables read."""

from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from lightning.pytorch.loggers import WandbLogger
from safetensors.torch import load_file, save_file
from torchmetrics import MetricCollection

from datamodules.comment_aware import CommentAwareData, Part
from datamodules.posts import Posts
from encoders.atomic import replacing, write_json
from experiments.cli import ExperimentCLI
from experiments.results import read_facts, read_predictions, with_content
from experiments.stage import Job
from lightning_modules.metrics import classification_metrics

FIELDS = ("probabilities", "image_attention", "text_attention")
Scores = dict[str, dict[str, float]]  # part -> metric -> value in [0, 1]
Found = dict[str, np.ndarray]  # probabilities (P, C), image_attention (P, N), text_attention (P, N), by row of the part


def predict(trainer: L.Trainer, model: L.LightningModule, data: CommentAwareData, part: Part, folder: Path) -> Found:
    """The model's outputs for every post of a part, in the part's order, the same on every device.

    Each device writes its share into `folder`, so that nothing has to fit one device's memory.
    """
    data.predict_part = part
    batches: list[Any] = trainer.predict(model, datamodule=data) or []
    own = {name: torch.cat([getattr(batch, name) for batch in batches]).cpu() for name in (*FIELDS, "row", "weight")}
    kept = own.pop("weight") > 0
    share = folder / f"predicted-{trainer.global_rank}.safetensors"
    save_file({name: value[kept].contiguous() for name, value in own.items()}, share)
    trainer.strategy.barrier()
    shares = [load_file(folder / f"predicted-{rank}.safetensors") for rank in range(trainer.world_size)]
    order = torch.cat([at["row"] for at in shares]).argsort(stable=True)
    merged = {name: torch.cat([at[name] for at in shares])[order].float().numpy() for name in FIELDS}
    trainer.strategy.barrier()
    share.unlink()
    return merged


def evaluate(
    job: Job, cli: ExperimentCLI, parts: tuple[Part, ...] = ("validation", "test")
) -> dict[str, dict[str, float]]:
    """Write `metrics.json`, `predictions.parquet` and `dataset.json` for the model as it is."""
    scores: Scores = {}
    tables = []
    for part in parts:
        data = cli.datamodule
        found = predict(cli.trainer, cli.model, data, part, job.folder)
        gold = np.array([data.label_of(post) for post in data.ids(part)])
        scores[part] = measure(found["probabilities"], gold, cli.model.hparams["average"])
        tables.append(_table(data, part, gold, found))
    if cli.trainer.is_global_zero:
        pq.write_table(pa.concat_tables(tables), job.folder / "predictions.parquet")
        write_json(job.folder / "metrics.json", scores)
        write_json(job.folder / "dataset.json", _dataset(cli.datamodule))
        print("; ".join(f"{part} F1 {values['f1']:.4f}" for part, values in scores.items()), flush=True)
        for logger in cli.trainer.loggers:
            named = {f"{part}/{name}": value for part in parts for name, value in scores[part].items()}
            logger.log_metrics(named, step=cli.trainer.global_step)
            logger.save()
            if isinstance(logger, WandbLogger):
                _log_tables(logger, job.folder, parts)
    return scores


def measure(probabilities: np.ndarray, gold: np.ndarray, average: Any) -> dict[str, float]:
    """Accuracy, precision, recall and F1 in [0, 1] of (P, C) probabilities against (P,) labels."""
    metrics: MetricCollection = classification_metrics(probabilities.shape[1], average, "")
    metrics.update(torch.from_numpy(probabilities).argmax(-1), torch.from_numpy(gold))
    return {name: float(value) for name, value in metrics.compute().items()}


def write_pseudo_labels(path: Path, pairs: list[tuple[str, str]], found: Found) -> None:
    """Soft labels of the unlabelled posts: `id` (corpus), `query` (benchmark), `probabilities`."""
    table = pa.table(
        {
            "id": [post for _, post in pairs],
            "query": [query for query, _ in pairs],
            "probabilities": [row.tolist() for row in found["probabilities"]],
        }
    )
    with replacing(path) as part:
        pq.write_table(table, part)


def _log_tables(logger: WandbLogger, folder: Path, parts: tuple[Part, ...]) -> None:
    from experiments.wandb_tables import log_evaluation  # imports wandb

    facts = read_facts(folder)
    for part in parts:
        log_evaluation(logger, with_content(read_predictions(folder, part), facts.benchmark), facts.classes)


def _table(data: CommentAwareData, part: Part, gold: np.ndarray, found: Found) -> pa.Table:
    ids = data.ids(part)
    columns = {
        "id": ids,
        "part": [part] * len(ids),
        "gold": gold.tolist(),
        "predicted": found["probabilities"].argmax(1).tolist(),
        "probabilities": found["probabilities"].tolist(),
        "comments": [data.comments_of(post) for post in ids],
        "image_attention": found["image_attention"].tolist(),
        "text_attention": found["text_attention"].tolist(),
    }
    kinds = {"comments": pa.list_(pa.string()), "image_attention": pa.list_(pa.float32())}
    kinds |= {"text_attention": pa.list_(pa.float32()), "probabilities": pa.list_(pa.float32())}
    return pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()})


def _dataset(data: CommentAwareData) -> dict[str, Any]:
    name = Posts(data.benchmark).info["name"]
    facts = {"name": name, "simulated": name.startswith("simulated"), "classes": data.classes}
    corpus = Posts(data.corpus).info["name"] if data.corpus else None
    return {**facts, "benchmark": str(data.benchmark), "corpus": corpus}
