"""Processes that each write some parts of a folder, and the lock that keeps other runs out of it."""

import fcntl
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

Given = TypeVar("Given")


def each(function: Callable[[Given], object], todo: Sequence[Given], workers: int) -> Iterator[Given]:
    """Call a function for each of some arguments; yields an argument when it is done, in no certain order.

    Args:
        function: of a module that is quick to import, or a `partial` of one; what it returns is lost.
        todo: arguments.
        workers: processes; 1 works in this one.
    """
    if workers == 1 or len(todo) < 2:
        for given in todo:
            function(given)
            yield given
        return
    # forkserver: a fork of a process that has used Arrow's threads may hang
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([getattr(function, "func", function).__module__])
    with ProcessPoolExecutor(min(workers, len(todo)), context, initializer=_end_with_parent) as pool:
        jobs = {pool.submit(function, given): given for given in todo}
        try:
            for job in as_completed(jobs):
                job.result()
                yield jobs[job]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder and hold it; the kernel frees the lock with the last process that has it.

    Raises:
        RuntimeError: another run is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"{folder}: another run is at work there; wait for it or end it") from None
        yield


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, or go on writing beside the next run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
