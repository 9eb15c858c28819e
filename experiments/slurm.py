"""One SLURM job a stage, chained by `afterok`; submitting twice adds nothing."""

import getpass
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.runner import write_description
from experiments.stages import Stage

# The lock is the log, as in experiments.runner. Without `env -u` Lightning takes the job's task count for its ranks.
SCRIPT = (
    "flock 1; [ -e {folder}/DONE ] || "
    "(env -u SLURM_NTASKS {python} -m experiments.stage {folder} && sync && mv {folder}/DONE.part {folder}/DONE)"
)


def submit(stages: Sequence[Stage], store: Path, options: str) -> list[str]:
    """Submit what is neither done nor queued.

    Args:
        stages: inputs first.
        store: folder of all stages, seen by the cluster's machines.
        options: words for sbatch, such as "--gres=gpu:1 --time=8:00:00".

    Returns:
        the submitted stages' folder names.

    Raises:
        FileNotFoundError: this machine has no sbatch.
    """
    queued = _queued()
    submitted = []
    for stage in stages:
        if stage.is_done(store) or stage.folder_name in queued:
            continue
        folder = stage.folder(store).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        write_description(stage, store)
        before = [queued[at.folder_name] for at in stage.inputs.values() if at.folder_name in queued]
        chain = [f"--dependency=afterok:{':'.join(before)}", "--kill-on-invalid-dep=yes"] if before else []
        names = {"folder": shlex.quote(str(folder)), "python": shlex.quote(sys.executable)}
        log = [f"--job-name={stage.folder_name}", f"--output={folder}/log.txt", "--open-mode=append"]
        command = ["sbatch", "--parsable", *log, *chain, *shlex.split(options), "--wrap", SCRIPT.format(**names)]
        queued[stage.folder_name] = _call(command).strip().split(";")[0]
        submitted.append(stage.folder_name)
        print(f"submitted {stage.folder_name} as job {queued[stage.folder_name]}")
    print(f"{len(submitted)} jobs submitted; `squeue --me` shows them, the same command without --slurm the table")
    return submitted


def _queued() -> dict[str, str]:
    """Folder name -> job number of this user's jobs that wait or run."""
    lines = _call(["squeue", "--noheader", "--user", getpass.getuser(), "--format=%j %A"]).splitlines()
    return dict(line.split() for line in lines if len(line.split()) == 2)


def _call(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{command[0]}: not found; --slurm needs a machine that submits to SLURM") from error
    except subprocess.CalledProcessError as error:
        raise ValueError(f"{command[0]} refused: {error.stderr.strip()}") from error
