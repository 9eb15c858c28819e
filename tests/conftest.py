"""What tests of several floors need."""

import os
from collections.abc import Iterator

import pytest
import torch

FORKING = "POSTLAB_TEST_FORKS"


def _renew_threads() -> None:
    """Torch renews its pool in a child when it is first asked for; two threads that ask at once may get none."""
    if FORKING in os.environ:
        torch.set_num_threads(1)


os.register_at_fork(after_in_child=_renew_threads)


@pytest.fixture
def _can_fork(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, also where Lightning chooses the number: forked children hang on the parent's OpenMP threads."""
    if torch.cuda.is_initialized():
        pytest.skip("processes can't be forked once CUDA is in use")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv(FORKING, "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
