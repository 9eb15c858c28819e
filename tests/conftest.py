"""What tests of several floors need."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def _can_fork(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, also where Lightning chooses the number: forked children hang on the parent's OpenMP threads."""
    if torch.cuda.is_initialized():
        pytest.skip("processes can't be forked once CUDA is in use")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
