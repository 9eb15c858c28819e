"""Predictions of networks, merged over devices."""

from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import pyarrow as pa
import torch
from lightning.pytorch.loggers import WandbLogger
from safetensors.torch import load_file, save_file

from datamodules.benchmark import Part
from datamodules.labelled import LabelledPosts
from datamodules.missing import Missing
from experiments.cli import ExperimentCLI
from experiments.results import read_facts, read_predictions, with_content
from experiments.stage import Job
from experiments.steps.evaluation import PARTS, Predicted, Scored, Scores, views, write_results

Found = dict[str, np.ndarray]  # field of the module's predictions -> (P, ...), by row of the part


def predict(trainer: L.Trainer, model: L.LightningModule, data: LabelledPosts, part: Part, folder: Path) -> Found:
    """The model's outputs for every post of a part, in the part's order, the same on every device.

    Each device writes its share into `folder`, so that nothing has to fit one device's memory.
    """
    data.predict_part = part
    batches: list[Any] = trainer.predict(model, datamodule=data) or []
    own = {name: torch.cat([getattr(batch, name) for batch in batches]).cpu() for name in batches[0]._fields}
    kept = own.pop("weight") > 0
    share = folder / f"predicted-{trainer.global_rank}.safetensors"
    save_file({name: value[kept].contiguous() for name, value in own.items()}, share)
    trainer.strategy.barrier()
    shares = [load_file(folder / f"predicted-{rank}.safetensors") for rank in range(trainer.world_size)]
    order = torch.cat([at["row"] for at in shares]).argsort(stable=True)
    merged = {name: torch.cat([at[name] for at in shares])[order] for name in own if name != "row"}
    trainer.strategy.barrier()
    share.unlink()
    return {name: (value.float() if value.is_floating_point() else value).numpy() for name, value in merged.items()}


def answers(cli: ExperimentCLI, part: Part, missing: Missing, folder: Path) -> Predicted:
    """The model as it is on a part, some modalities taken away."""
    data: LabelledPosts = cli.datamodule
    data.missing = missing
    found = predict(cli.trainer, cli.model, data, part, folder)
    data.missing = {}
    ids = data.ids(part)
    shown = {name: pa.array(values, pa.list_(pa.string())) for name, values in data.shown(part).items()}
    extra = [name for name in found if name not in ("probabilities", "present")]
    shown |= {name: pa.array(found[name].tolist(), pa.list_(pa.float32())) for name in extra}
    gold = data.gold(ids)
    return Predicted(ids, gold, found["probabilities"], data.modalities, found["present"], shown)


def evaluate(job: Job, cli: ExperimentCLI, parts: tuple[Scored, ...] = PARTS) -> Scores:
    """Write and log metrics and predictions of the model as it is; of test posts also with one modality alone."""
    asked: dict[str, tuple[Scored, Missing]] = {part: (part, {}) for part in parts}
    if job.settings["views"] and "test" in parts:
        asked |= {name: ("test", gone) for name, gone in views("test", cli.datamodule.modalities).items()}
    found = {name: answers(cli, part, gone, job.folder) for name, (part, gone) in asked.items()}
    if not cli.trainer.is_global_zero:
        return {}
    data = cli.datamodule
    average = cli.model.hparams["average"]
    scores = write_results(job.folder, found, average, data.benchmark, data.task, **data.facts())
    for logger in cli.trainer.loggers:
        named = {f"{part}/{name}": value for part, values in scores.items() for name, value in values.items()}
        logger.log_metrics({name: value for name, value in named.items() if value is not None}, cli.trainer.global_step)
        logger.save()
        if isinstance(logger, WandbLogger):
            _log_tables(logger, job.folder, parts)
    return scores


def _log_tables(logger: WandbLogger, folder: Path, parts: tuple[Scored, ...]) -> None:
    from experiments.wandb_tables import log_evaluation  # imports wandb

    facts = read_facts(folder)
    for part in parts:
        log_evaluation(logger, with_content(read_predictions(folder, part), facts.benchmark), facts.classes)
