"""Stage that trains users, pictures and texts in one space (DU2MCE, section 4.3)."""

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from datamodules.retrieval_tasks import RetrievalTask
from experiments.checkpoints import load_weights
from experiments.stage import Job
from experiments.steps.rank_scores import Metrics, joint
from experiments.steps.train import build, keep_best
from experiments.wiring import filled

NO_GALLERY = (
    "Total length of `BatchLoader` across ranks is zero"  # a gallery that no task asks for is meant to be empty
)


def train(job: Job) -> None:
    """Train on posts; leaves `best.ckpt`, of the epoch with the smallest sum of normalised ranks.

    Where the setting `start` names a checkpoint, its weights are what training starts from (Section 4.6).
    """
    warnings.filterwarnings("ignore", NO_GALLERY)
    cli, start = build(job), filled(job.settings, job.folders)["start"]
    if start is not None:
        load_weights(cli.model, Path(start))
    keep_best(job, cli)


def measure_checkpoint(job: Job, action: str, checkpoint: Path) -> None:
    """`validate` or `test` of the command line: mean median rank of each task, and their joint score.

    "joint of learned pairs" leaves out tasks that no pair teaches: the checkpoint was chosen by it.

    Raises:
        ValueError: `predict`, which these models have no use for.
    """
    if action == "predict":
        raise ValueError("these models predict no classes; `search` answers a text, a picture or a user")
    warnings.filterwarnings("ignore", NO_GALLERY)
    job.folder.mkdir(parents=True, exist_ok=True)
    cli = build(job)
    load_weights(cli.model, checkpoint)
    data = cli.datamodule
    loaders = data.val_dataloader() if action == "validate" else data.test_dataloader()
    cli.trainer.validate(cli.model, loaders, verbose=False)
    if cli.trainer.is_global_zero:
        tasks = data.retrieval("validation" if action == "validate" else "test").tasks
        print(json.dumps(_told(cli.trainer.callback_metrics, tasks), indent=1))


def _told(found: Mapping[str, Tensor], tasks: Sequence[RetrievalTask]) -> Metrics:
    ranks: Metrics = {task.name: float(found[f"val/{task.name}"]) if len(task.queries) else None for task in tasks}
    each: list[Metrics] = [
        {"mean_median_rank": ranks[task.name], "gallery": task.gallery_size} for task in tasks if len(task.queries)
    ]
    learned = found.get("val/joint")
    return ranks | {"joint": joint(each), "joint of learned pairs": None if learned is None else float(learned)}
