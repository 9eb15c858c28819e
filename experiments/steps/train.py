"""Stages that train and measure classifiers: a teacher, its students (CAST, section 3.4)."""

import copy
import json
import logging
import os
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from lightning.pytorch.callbacks import ModelCheckpoint

from datamodules.comment_aware import Part
from encoders.atomic import replacing, write_json
from experiments.callbacks import EpochLines, SeedEachEpoch, StopEarly
from experiments.checkpoints import WholeCheckpoints, load_weights
from experiments.cli import ExperimentCLI
from experiments.loggers import loggers
from experiments.stage import Job
from experiments.steps.evaluation import evaluate, predict, write_pseudo_labels
from experiments.wiring import filled

QUIET: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
# Lightning's warnings of its own code, of short epochs, of a log that `experiments.loggers` has put aside.
NOISE = (
    "`isinstance\\(treespec, LeafSpec\\)` is deprecated",
    "The number of training batches",
    "Experiment logs directory",
)


def teacher(job: Job) -> None:
    """Train on labelled posts with cross-entropy, all comments; leaves `best.ckpt`, metrics and predictions."""
    fit(job, build(job))


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


def build(job: Job) -> ExperimentCLI:
    """Model, data and trainer of a stage, from its settings and what no result depends on."""
    settings = filled(job.settings, job.folders)
    free = {**QUIET, **job.free["trainer"], "default_root_dir": str(job.folder), "logger": False}
    data = settings["data"]
    data["init_args"]["num_workers"] = job.free["num_workers"]
    config = {
        "seed_everything": settings["seed"],
        "model": settings["model"],
        "data": data,
        "trainer": {**settings["trainer"], **free, "use_distributed_sampler": False},
    }
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # a stage's log is for its own lines
    for message in NOISE:
        warnings.filterwarnings("ignore", message)
    path = job.folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    callbacks = [SeedEachEpoch(settings["seed"]), EpochLines(), *checkpoints(job.folder)]
    if settings["early_stop"] is not None:
        callbacks.append(StopEarly("val/loss", patience=settings["early_stop"]))
    cli = ExperimentCLI([f"--config={path}"], None, callbacks)
    cli.trainer.strategy.checkpoint_io = WholeCheckpoints()
    cli.trainer.loggers = loggers(job)
    return cli


def fit(job: Job, cli: ExperimentCLI) -> None:
    """Train, going on from the last finished epoch where a try was killed; then measure the best checkpoint."""
    last = job.folder / "checkpoints" / "last.ckpt"
    cli.trainer.fit(
        cli.model, datamodule=cli.datamodule, ckpt_path=str(last) if last.is_file() else None, weights_only=True
    )
    kept = (at for at in cli.trainer.checkpoint_callbacks if isinstance(at, ModelCheckpoint))
    saved = next(at for at in kept if at.monitor)
    best = Path(saved.best_model_path)
    if cli.trainer.is_global_zero:
        with replacing(job.folder / "best.ckpt") as part:
            _link(best, part)  # the same bytes on the disk; `checkpoints` may be deleted afterwards
        score = saved.best_model_score
        facts = {
            "best_epoch": best.stem,
            "monitor": saved.monitor,
            "score": float(score) if score is not None else None,
        }
        write_json(job.folder / "fit.json", facts)
    load_weights(cli.model, best)
    evaluate(job, cli)


def measure_checkpoint(job: Job, action: str, checkpoint: Path) -> None:
    """`validate`, `test` or `predict` of the command line: metrics of one part, or its predictions' place."""
    job.folder.mkdir(parents=True, exist_ok=True)
    cli = build(job)
    load_weights(cli.model, checkpoint)
    part: Part = "validation" if action == "validate" else "test"
    scores = evaluate(job, cli, (part,))
    if cli.trainer.is_global_zero:
        print(json.dumps(scores, indent=1))
        print(f"predictions: {job.folder / 'predictions.parquet'}")


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except OSError:  # not every file system can
        shutil.copyfile(file, other)


def checkpoints(folder: Path) -> list[ModelCheckpoint]:
    """Weights of the epoch of best validation F1 (weighted, or class 1's); all of the last epoch's, for going on."""
    place = folder / "checkpoints"
    saving = partial(ModelCheckpoint, place, auto_insert_metric_name=False, enable_version_counter=False)
    # save_last would write only where there is a new best; it comes second, so that it knows of a new best
    best = saving(filename="epoch={epoch}", monitor="val/f1", mode="max", save_weights_only=True)
    return [best, saving(filename="last")]
