"""Stages that train and measure one network."""

import json
import logging
import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml
from lightning.pytorch.callbacks import ModelCheckpoint

from datamodules.benchmark import Part
from datamodules.missing import Missing
from encoders.atomic import replacing, write_json
from experiments.callbacks import EpochLines, SeedEachEpoch, StopEarly
from experiments.checkpoints import WholeCheckpoints, load_weights
from experiments.cli import ExperimentCLI
from experiments.loggers import loggers
from experiments.stage import Job
from experiments.steps.evaluation import PARTS, Predicted, Scored, write_results
from experiments.steps.predicting import answers, evaluate
from experiments.wiring import filled

QUIET: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
# Lightning's warnings of its own code, of short epochs, of a log that `experiments.loggers` has put aside.
NOISE = (
    "`isinstance\\(treespec, LeafSpec\\)` is deprecated",
    "The number of training batches",
    "Experiment logs directory",
)


def train(job: Job) -> None:
    """Train on labelled posts; leaves `best.ckpt`, metrics and predictions, or n/a where there is nothing to learn."""
    cli = build(job)
    if cli.datamodule.ids("train"):
        fit(job, cli)
    elif cli.trainer.is_global_zero:
        data = cli.datamodule
        found: dict[str, Predicted] = {part: _nothing(cli, part) for part in PARTS}
        write_results(job.folder, found, cli.model.hparams["average"], data.benchmark, data.task, **data.facts())


def classify(job: Job, part: Scored, asked: Mapping[str, Missing]) -> dict[str, Predicted]:
    """What a finished stage's best checkpoint says of a part, for each named choice of modalities taken away."""
    # here and now: on one device of this machine, whatever it was trained on
    trainer = {"accelerator": "gpu" if job.device == "cuda" else "cpu", "devices": 1}
    free = {**job.free, "wandb": "off", "trainer": trainer}
    with TemporaryDirectory() as scratch:  # the stage's own folder stays as it is
        cli = build(replace(job, folder=Path(scratch), free=free))
        if not (job.folder / "best.ckpt").is_file():
            return {name: _nothing(cli, part) for name in asked}
        load_weights(cli.model, job.folder / "best.ckpt")
        return {name: answers(cli, part, missing, Path(scratch)) for name, missing in asked.items()}


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
    monitor = settings["monitor"]
    saving = checkpoints(job.folder, monitor, settings["mode"])
    callbacks = [SeedEachEpoch(settings["seed"]), EpochLines(monitor), *saving]
    if settings["early_stop"]:
        callbacks.append(StopEarly(**settings["early_stop"]))
    cli = ExperimentCLI([f"--config={path}"], None, callbacks)
    cli.trainer.strategy.checkpoint_io = WholeCheckpoints()
    cli.trainer.loggers = loggers(job)
    return cli


def fit(job: Job, cli: ExperimentCLI) -> None:
    """Train, then measure the best checkpoint."""
    keep_best(job, cli)
    evaluate(job, cli)


def keep_best(job: Job, cli: ExperimentCLI) -> None:
    """Train, going on from the last finished epoch where a try was killed; leaves the model as its best checkpoint."""
    last = job.folder / "checkpoints" / "last.ckpt"
    cli.trainer.fit(
        cli.model, datamodule=cli.datamodule, ckpt_path=str(last) if last.is_file() else None, weights_only=True
    )
    kept = (at for at in cli.trainer.checkpoint_callbacks if isinstance(at, ModelCheckpoint))
    saved = next(at for at in kept if at.monitor)
    best = Path(saved.best_model_path)
    if cli.trainer.is_global_zero:
        with replacing(job.folder / "best.ckpt") as part:
            link(best, part)  # the same bytes on the disk; `checkpoints` may be deleted afterwards
        score = saved.best_model_score
        facts = {
            "best_epoch": best.stem,
            "monitor": saved.monitor,
            "score": float(score) if score is not None else None,
        }
        write_json(job.folder / "fit.json", facts)
    load_weights(cli.model, best)


def measure_checkpoint(job: Job, action: str, checkpoint: Path) -> None:
    """`validate`, `test` or `predict` of the command line: metrics of one part, or its predictions' place."""
    job.folder.mkdir(parents=True, exist_ok=True)
    cli = build(job)
    load_weights(cli.model, checkpoint)
    scores = evaluate(job, cli, ("validation" if action == "validate" else "test",))
    if cli.trainer.is_global_zero:
        print(json.dumps(scores, indent=1))
        print(f"predictions: {job.folder / 'predictions.parquet'}")


def _nothing(cli: ExperimentCLI, part: Part) -> Predicted:
    """Answers of a classifier that had nothing to learn from: all classes alike."""
    data = cli.datamodule
    ids = data.ids(part)
    gold = data.gold(ids)
    even = np.full((len(ids), data.num_classes), 1 / data.num_classes, np.float32)
    return Predicted(ids, gold, even, data.modalities, np.zeros((len(ids), len(data.modalities)), bool))


def link(file: Path, other: Path) -> None:
    """Give a file another name, as a copy where the file system can't."""
    try:
        os.link(file, other)
    except OSError:  # not every file system can
        shutil.copyfile(file, other)


def checkpoints(folder: Path, monitor: str = "val/f1", mode: str = "max") -> list[ModelCheckpoint]:
    """Weights of the epoch of the best `monitor`; all of the last epoch's, for going on."""
    place = folder / "checkpoints"
    saving = partial(ModelCheckpoint, place, auto_insert_metric_name=False, enable_version_counter=False)
    # save_last would write only where there is a new best; it comes second, so that it knows of a new best
    best = saving(filename="epoch={epoch}", monitor=monitor, mode=mode, save_weights_only=True)
    return [best, saving(filename="last")]
