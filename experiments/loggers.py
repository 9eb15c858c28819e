"""CSV always, W&B beside it: offline when there is no key, never blocking, never asking."""

import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import getproxies

from lightning.pytorch.loggers import CSVLogger, Logger, WandbLogger

from experiments.stage import Job


def loggers(job: Job) -> list[Logger]:
    """Loggers of a training stage, one W&B group an experiment, one job type a stage; each told what the stage is.

    `job.free["wandb"]`: `auto` (online with WANDB_API_KEY, else offline), `offline` or `off`.

    Raises:
        ValueError: another word.
    """
    _keep(job.folder / "log" / "metrics.csv")
    made: list[Logger] = [CSVLogger(job.folder, name="", version="log")]
    mode = job.free["wandb"]
    if mode not in ("auto", "offline", "off"):
        raise ValueError(f'wandb is "{mode}"; it takes auto, offline or off')
    if mode == "off" or os.environ.get("WANDB_MODE") == "disabled":
        return _told(made, job)
    made.append(_wandb(job, mode == "auto" and bool(os.environ.get("WANDB_API_KEY")) and _is_reachable()))
    return _told(made, job)


def _told(made: list[Logger], job: Job) -> list[Logger]:
    """Seed, data and retrieval beside the model's own settings, so that rows can be told apart on W&B."""
    facts = {"stage": job.folder.name.split("-", 1)[0], **job.settings}
    if "retrieve" in job.inputs:
        facts["retrieval"] = json.loads((job.inputs["retrieve"] / "stage.json").read_text())["settings"]["retrieval"]
    for logger in made:
        logger.log_hyperparams(facts)
    return made


def _is_reachable() -> bool:
    """Whether W&B's machine answers; its client would wait for half a minute at the start of every stage."""
    place = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai"))
    if place.scheme in getproxies():  # then it is the proxy that answers
        return True
    try:
        port = place.port or (80 if place.scheme == "http" else 443)
        socket.create_connection((place.hostname, port), timeout=3).close()
    except OSError as error:
        print(f"W&B can't be reached ({error}): kept offline, for `wandb sync`", flush=True)
        return False
    return True


def _keep(metrics: Path) -> None:
    """Give the file of a killed try another name: Lightning's logger would delete it."""
    if metrics.is_file():
        tries = len(list(metrics.parent.glob("metrics*.csv")))
        metrics.rename(metrics.with_name(f"metrics-try{tries}.csv"))


def _wandb(job: Job, online: bool) -> WandbLogger:
    import wandb

    os.environ.setdefault("WANDB_SILENT", "true")  # it warns of settings that Lightning gives it
    os.environ.setdefault("WANDB_DATA_DIR", str(job.folder))  # tables are staged there, not in the home folder
    # Without these W&B keeps the command line's arguments, and secrets in them, in its files.
    quiet: Any = wandb.Settings(x_disable_meta=True, save_code=False, console="off", silent=True, init_timeout=30)
    logger = WandbLogger(
        project="postlab",
        name=job.folder.name,
        group=job.free["experiment"],
        job_type=job.folder.name.split("-", 1)[0],
        save_dir=job.folder,
        offline=not online,
        settings=quiet,
    )
    logger._wandb_init.pop("anonymous", None)  # Lightning always gives it, W&B warns of it
    if online:
        try:
            _ = logger.experiment  # logs in
        except wandb.errors.CommError as error:
            print(f"W&B can't be reached ({error}): kept offline, for `wandb sync`", flush=True)
            return _wandb(job, online=False)
    return logger
