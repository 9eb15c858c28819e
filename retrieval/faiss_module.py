"""Faiss, which comes with one of two extras that exclude each other."""

from importlib.metadata import packages_distributions
from types import ModuleType
from typing import Any

GPU_LIMIT = 2048  # Faiss's GPU search takes no k and no nprobe above it


def load_faiss() -> ModuleType:
    """Return the module `faiss`.

    Raises:
        ImportError: neither `faiss-cpu` nor `faiss-gpu` is installed, or both, of which one has overwritten the other.
    """
    if {"faiss-cpu", "faiss-gpu"} <= set(packages_distributions().get("faiss", ())):
        raise ImportError("faiss-cpu and faiss-gpu are the same module: uninstall both, then install one of them")
    try:
        import faiss
    except ImportError as error:
        raise ImportError(
            "retrieval needs Faiss: `pip install postlab[cpu]`, or `pip install postlab[gpu]` on a CUDA machine"
        ) from error
    return faiss


def gpu_copy(index: Any) -> Any | None:
    """Copy a flat index to the first GPU; None where Faiss sees no GPU."""
    faiss = load_faiss()
    if not hasattr(faiss, "StandardGpuResources") or not faiss.get_num_gpus():
        return None
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
