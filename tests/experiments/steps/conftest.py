"""How stages are run in the tests' own process."""

import os
from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As stages with OMP_NUM_THREADS=1, so that results of this process and of theirs are equal bit by bit."""
    threads, environment = torch.get_num_threads(), dict(os.environ)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)
    os.environ.clear()  # Lightning leaves its seed there
    os.environ.update(environment)
