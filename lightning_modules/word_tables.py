"""Tables of words' vectors of which a step reads and changes only the rows it needs."""

import lightning as L
import torch
from torch import Tensor, nn
from torch.nn import functional as F


def looked_up(table: nn.Embedding, *words: Tensor) -> list[Tensor]:
    """Vectors (n, E) of each list of word numbers (n,).

    A word's row is read once however often it occurs, so that a sparse table's gradient has each row once: what clips
    and adds gradients need not gather them.
    """
    rows, place = torch.unique(torch.cat(words), return_inverse=True)
    vectors = table(rows)  # (R, E)
    return [F.embedding(each, vectors) for each in place.split([len(each) for each in words])]


def clamp_gradients(module: nn.Module, most: float) -> None:
    """Clip by value in [-most, most], which torch's own does for no sparse gradient."""
    for parameter in module.parameters():
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.coalesce()  # values of a row that is there twice would be clamped apart
            parameter.grad.values().clamp_(-most, most)
        elif parameter.grad is not None:
            parameter.grad.clamp_(-most, most)


def dense_on_several_gpus(module: L.LightningModule) -> None:
    """Take dense gradients of tables there: NCCL adds up no sparse ones. The result is the same."""
    if module.trainer.world_size > 1 and module.device.type == "cuda":
        for part in module.modules():
            if isinstance(part, nn.Embedding):
                part.sparse = False
