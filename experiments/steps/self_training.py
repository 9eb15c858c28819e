"""Stages of self-training: students of a teacher (CAST, section 3.4)."""

import copy
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from encoders.atomic import replacing
from experiments.checkpoints import load_weights
from experiments.stage import Job
from experiments.steps.predicting import Found, predict
from experiments.steps.train import build, classify, fit

__all__ = ["classify", "refit", "student"]  # a student is measured as any other network


def student(job: Job) -> None:
    """Let the teacher label the unlabelled posts, then train anew from the pre-trained weights on both (Eq. 8)."""
    cli = build(job)
    labels = job.folder / "pseudo_labels.parquet"
    if not labels.is_file():
        fresh = copy.deepcopy(cli.model.state_dict())
        load_weights(cli.model, job.inputs["teacher"] / "best.ckpt")
        found = predict(cli.trainer, cli.model, cli.datamodule, "unlabelled", job.folder)
        if cli.trainer.is_global_zero:
            write_pseudo_labels(labels, cli.datamodule.unlabelled_pairs(), found)
        cli.trainer.strategy.barrier()
        cli.model.load_state_dict(fresh)
    cli.datamodule.pseudo_labels = labels
    fit(job, cli)


def refit(job: Job) -> None:
    """Train a student further on labelled posts before it teaches (the paper's other reading)."""
    cli = build(job)
    load_weights(cli.model, job.inputs["start"] / "best.ckpt")
    fit(job, cli)


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
