"""Metrics of ranks: the paper's mean median rank and those beside it (DU2MCE, section 4.2)."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from encoders.tasks import DEPTHS


class RankMetrics(Metric):
    """Exact statistics over queries of the ranks of their true items, over all devices together.

    `mean_median_rank` is the paper's: of a query the median rank of its true items, of these the mean over queries.
    """

    full_state_update = False
    higher_is_better = False
    median: list[Tensor]
    best: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("median", [], dist_reduce_fx="cat")
        self.add_state("best", [], dist_reduce_fx="cat")
        self.set_dtype(torch.float64)  # what a device without queries brings has to be of the others' type

    def update(self, ranks: Tensor) -> None:
        """Take the ranks (Q, M) of Q queries, nan where there are fewer than M true items.

        Raises:
            ValueError: a query has no true item.
        """
        ordered = ranks.double().sort(1).values  # nan comes last
        count = (~ordered.isnan()).sum(1, keepdim=True)
        if not count.all():
            raise ValueError(
                f"query {int((count == 0).nonzero()[0, 0])} of {len(ranks)} has no true item: leave it out"
            )
        if ranks.numel():
            middle = (ordered.gather(1, (count - 1) // 2) + ordered.gather(1, count // 2)) / 2
            self.median.append(middle.squeeze(1))
            self.best.append(ordered[:, 0])

    def compute(self) -> dict[str, Tensor]:
        """Return mean_median_rank, median_rank and median_best_rank, from 1, and recall@1, 5, 10 in [0, 1].

        All are nan of no query. One counts for recall@k where a true item's rank is at most k, ties at their mean rank.
        """
        nothing = torch.zeros(0, dtype=torch.float64, device=self.device)
        median, best = (dim_zero_cat([nothing, *states]) for states in (self.median, self.best))
        found = {
            "mean_median_rank": median.mean(),
            "median_rank": _median(median),
            "median_best_rank": _median(best),
        }
        return found | {f"recall@{k}": (best <= k).double().mean() for k in DEPTHS}


def _median(values: Tensor) -> Tensor:
    """Of an even number of values the mean of the two in the middle (torch's own takes the lower one)."""
    if not len(values):
        return values.new_tensor(torch.nan)
    ordered, count = values.sort().values, len(values)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
