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


def dense_on_several_gpus(module: L.LightningModule) -> None:
    """Take dense gradients of tables there: NCCL adds up no sparse ones. The result is the same."""
    if module.trainer.world_size > 1 and module.device.type == "cuda":
        for part in module.modules():
            if isinstance(part, nn.Embedding):
                part.sparse = False
