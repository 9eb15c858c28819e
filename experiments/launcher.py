"""Starts stages as forks of a process that has imported what takes long to import.

Importing Lightning is most of a small stage's time; the launcher does it once for all stages of a run. Where there is a
GPU it imports nothing beforehand: a library that touched the GPU meanwhile would not survive the fork.

A stage is a fork that does as `python -m experiments.stage FOLDER` would; its output is the stage's log, and so the
lock. Its parent, a fork too, waits for it and renames DONE into place. Neither needs launcher or runner any longer.
"""

import gc
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Self

LIBRARIES = ("lightning",)
GPUS = ("nvidiactl", "kfd", "dxg")  # NVIDIA's, AMD's and Windows' files in /dev
LONGEST = 8192  # bytes of a folder's path


class Started:
    """A stage that was started here.

    Args:
        pipe: to be read from; its other end is closed when the stage has ended, whatever ended it.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe: int | None = pipe

    def has_ended(self) -> bool:
        """Whether DONE is there now, if it ever will be."""
        if self._pipe is not None and select.select([self._pipe], [], [], 0)[0]:
            os.close(self._pipe)
            self._pipe = None
        return self._pipe is None


class Launcher:
    """The runner's side of the launching process, which ends with the `with` block; stages that it started go on.

    Args:
        stages: how many it will start; for one alone nothing is imported beforehand.
    """

    def __init__(self, stages: int) -> None:
        has_gpu = any((Path("/dev") / name).exists() for name in GPUS)
        command = [sys.executable, "-m", "experiments.launcher", *(LIBRARIES if stages > 1 and not has_gpu else ())]
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), env=_environment())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()
        self._process.kill()
        self._process.wait()

    def start(self, folder: Path, log: int) -> Started:
        """Start the stage that the folder describes, with an open file as its output."""
        ours, theirs = os.pipe()
        socket.send_fds(self._requests, [os.fsencode(folder)], [log, theirs])
        os.close(theirs)
        return Started(ours)


def serve(libraries: Sequence[str]) -> None:
    """Fork for each request that comes in by standard input, until there is no runner any more.

    Returns in the forks that have run a stage as well.
    """
    requests = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the runner and the stages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here asks how a fork ended
    for library in libraries:
        import_module(library)
    gc.freeze()  # what is there already is nothing for a stage's collector to go through, least of all at its end
    while True:
        folder, files, _, _ = socket.recv_fds(requests, LONGEST, 2)
        if not folder:
            return
        if os.fork() == 0:
            requests.close()
            _run(Path(os.fsdecode(folder)), *files)
            return
        for file in files:
            os.close(file)


def _run(folder: Path, log: int, pipe: int) -> None:
    """Run the stage in a fork of this fork, which returns when it is through."""
    for output in (1, 2):
        os.dup2(log, output)
    os.close(log)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        _finish(folder, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)  # which closes the pipe
    os.close(pipe)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["experiments.stage", str(folder)]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _finish(folder: Path, status: int) -> None:
    if status < 0:
        print(f"ended by {signal.Signals(-status).name}", flush=True)
    elif status == 0 and not (folder / "DONE.part").exists():
        print("stopped before its end", flush=True)
    elif status == 0:
        os.sync()  # the outputs are on the disk first
        (folder / "DONE.part").rename(folder / "DONE")


def _environment() -> dict[str, str]:
    # Stages are other processes' children: a rank that this process may have must not be taken for theirs.
    ranks = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    kept = {key: value for key, value in os.environ.items() if key not in ranks}
    return kept | {"PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # bars make a log unreadable


if __name__ == "__main__":
    serve(sys.argv[1:])
