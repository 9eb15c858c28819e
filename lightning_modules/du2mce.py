"""Users, pictures and texts in one space (DU2MCE, section 3)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, Self, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torchmetrics import MeanMetric

from encoders.batches import PostTriples, Queries
from encoders.tasks import TASKS
from encoders.text_cnn import SentenceCNN
from lightning_modules.gather import dealt, gather_rows
from lightning_modules.losses import joint_means
from lightning_modules.pairs import COLUMNS, PAPER, PARTS, Pair, identities_of, is_learned, learned_by, side_of
from lightning_modules.rank_metrics import RankMetrics
from lightning_modules.ranking_loss import RankingLoss, alike, unit
from retrieval.ranks import true_ranks

GALLERIES = ("text", "image")  # in the order of the first validation loaders; that of users is the table


class Encoder(Protocol):
    """What the module asks of a text encoder: it maps word numbers (T, L) to (T, width)."""

    width: int


class Du2mceLoss(NamedTuple):
    """Eq. 1 over the joint batch of all devices."""

    total: Tensor
    terms: Tensor  # (pairs,), unweighted; 0 without a valid anchor and for pairs of weight 0


class UserContentEmbeddings(L.LightningModule):
    """Encoders of pictures, texts and users, and linear projections of what they find into one space.

    Pictures come as vectors of a network that does not learn (Section 4.3: ResNet-152); users are rows of a table. A
    modality that no learned pair has keeps its first weights.

    Args:
        words: folder with `words.parquet` and `vectors.npy` (V, 300); row 0 pads and is zero.
        users: folder with `vectors.npy` (K, 300), where the table starts (Section 4.3: means of the users' words).
        pairs: terms of Eq. 1; None takes (0.1, 0.45, 0.45), the best of Table 2.
        tasks: query and gallery of each of the data's tasks, in its order; None takes the paper's three (Section 4.2).
        picture_size: D_I of a picture's vector (Section 4.3: 2,048).
        size: D of the common space (Section 4.3: 1,024).
        text: class of the text encoder, made with `words`; maps word numbers (T, L) to (T, its `width`).
        margin: m of Eq. 4 (Section 4.3: 0.2).
        negatives: each other item once (`distinct`), or once for every post that carries it (`posts`).
        hardest: learn from an anchor's largest term alone; the paper adds all up.
        both_directions: also rank a pair's anchors for its other side; the paper ranks one way.
        bias: of the projections; the formulas have none.
        lr: of Adam (Section 4.3: 5e-4).
        decay_every: epochs after which the rate is divided by 10 (Section 4.3: 10).
        frozen: modalities whose encoder and projection do not learn (Section 4.6, Bridging-Modality).

    Raises:
        FileNotFoundError: there are no such vectors.
        ValueError: a modality, task, weight or margin that is none, vectors that are none, or nothing to learn.
    """

    def __init__(
        self,
        words: str | Path,
        users: str | Path,
        pairs: list[Pair] | None = None,
        *,
        tasks: list[str] | None = None,
        picture_size: int = 2048,
        size: int = 1024,
        text: Callable[[str | Path], nn.Module] = SentenceCNN,
        margin: float = 0.2,
        negatives: Literal["distinct", "posts"] = "distinct",
        hardest: bool = False,
        both_directions: bool = False,
        bias: bool = False,
        lr: float = 5e-4,
        decay_every: int = 10,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["words", "users", "pairs", "text"])
        if "_instantiator" in self.hparams:  # made from YAML: there they are class paths and plain values
            self.save_hyperparameters(ignore=["words", "users"])
        self.pairs = tuple(pairs) if pairs is not None else PAPER
        self.tasks = tuple(tasks) if tasks is not None else TASKS
        self.picture_size, self.lr, self.decay_every = picture_size, lr, decay_every
        self.learned = learned_by(self.pairs, self.tasks, frozenset(frozen))
        self.ranking = RankingLoss(margin, negatives, hardest, both_directions)
        if decay_every < 1:
            raise ValueError(f"decay_every {decay_every}: at least 1 epoch")
        # models
        table = nn.Embedding.from_pretrained(_starting_vectors(Path(users)), freeze=False)  # U_e
        self.encoders = nn.ModuleDict({"image": nn.Identity(), "text": text(words), "user": table})
        widths = (picture_size, cast(Encoder, self.encoders["text"]).width, table.embedding_dim)
        self.projections = nn.ModuleDict(
            {name: nn.Linear(width, size, bias) for name, width in zip(self.encoders, widths, strict=True)}
        )
        for name in self.encoders.keys() - self.learned:
            self.encoders[name].requires_grad_(False)
            self.projections[name].requires_grad_(False)
        # metrics
        self.train_loss = MeanMetric(nan_strategy="disable")
        self.ranks = nn.ModuleDict({task: RankMetrics() for task in self.tasks})
        self._galleries: dict[str, list[Tensor]] = {}

    def train(self, mode: bool = True) -> Self:
        """As of any module, but encoders that do not learn stay in evaluation: no dropout."""
        super().train(mode)
        for name in self.encoders.keys() - self.learned:
            self.encoders[name].eval()
        return self

    # vectors
    def vectors(self, modality: str, batch: PostTriples) -> Tensor:
        """Vectors (n, D) at unit length of the posts that have the modality, in their order.

        Those of `content` are of the posts with picture or text: the sum of the two, of which one may be absent.
        """
        parts = PARTS[modality]
        if len(parts) == 1:
            return unit(self._projected(modality, batch))
        there = [identities_of(batch)[:, COLUMNS[part]] >= 0 for part in parts]
        projected = [self._projected(part, batch) for part in parts]
        total = projected[0].new_zeros(len(batch.user), projected[0].shape[1])  # (B, D)
        for rows, found in zip(there, projected, strict=True):
            total = total.index_add(0, rows.nonzero().squeeze(1), found.to(total.dtype))
        return unit(total[torch.stack(there).any(0)])

    def user_vectors(self) -> Tensor:
        """All users of the table, (K, D) at unit length."""
        return unit(self.projections["user"](self.encoders["user"].weight))

    def _projected(self, modality: str, batch: PostTriples) -> Tensor:
        """x of Eq. 3, (n, D) of the posts that have this one of the three modalities."""
        projection = self.projections[modality]
        if modality == "image":
            return projection(self._pictures(batch).to(cast(Tensor, projection.weight).dtype))
        return projection(self.encoders[modality](batch.words if modality == "text" else batch.user[batch.user >= 0]))

    def _pictures(self, batch: PostTriples) -> Tensor:
        if not len(batch.pictures):  # without any features they have no width either
            return batch.pictures.new_zeros(0, self.picture_size)
        if batch.pictures.shape[1] != self.picture_size:
            raise ValueError(
                f"picture features are {batch.pictures.shape[1]} wide, the model takes {self.picture_size}; "
                f"set model.picture_size to {batch.pictures.shape[1]}"
            )
        return batch.pictures

    # losses
    def loss(self, batch: PostTriples) -> Du2mceLoss:
        """Eq. 1: the pairs' losses of Eq. 4, each over its own number of anchors, weighted; on all devices together."""
        learned = [pair for pair in self.pairs if pair.weight > 0]
        names = sorted({name for pair in learned for name in (pair.anchor, pair.other)})
        posts = gather_rows([identities_of(batch)])
        vectors = gather_rows([self.vectors(name, batch) for name in names]).parts
        order, own = dealt([size for (size,) in posts.sizes], self.device)
        identities = posts.parts[0][order]  # (B, 3)
        shared = alike(identities, own)
        sides = {name: side_of(name, found, posts.parts[0], order) for name, found in zip(names, vectors, strict=True)}
        with torch.autocast(self.device.type, enabled=False):  # bfloat16 is too coarse for the margin
            sums = [self.ranking(sides[pair.anchor], sides[pair.other], own, shared) for pair in learned]
        found = joint_means(*(torch.stack(each) for each in zip(*sums, strict=True)))  # (learned,)
        weights = found.new_tensor([pair.weight for pair in learned])
        terms = found.new_zeros(len(self.pairs))
        terms[[number for number, pair in enumerate(self.pairs) if pair.weight > 0]] = found
        return Du2mceLoss((weights * found).sum(), terms)

    # steps
    def on_train_start(self) -> None:
        """ValueError where validation asks nothing that the pairs teach: no checkpoint could be the best one."""
        queries = (self.trainer.val_dataloaders or [])[len(GALLERIES) :]
        asked = [task for task, each in zip(self.tasks, queries, strict=False) if len(each)]
        if queries and not any(is_learned(task, self.pairs) for task in asked):
            raise ValueError(
                f"validation asks {', '.join(asked) or 'nothing'}, which no learned pair brings together, so no "
                "checkpoint would be the best one: raise the corpus's shares.validation (or validation_posts)"
            )

    def training_step(self, batch: PostTriples, batch_idx: int) -> Tensor:
        loss = self.loss(batch).total
        # asked of all devices, or the others would wait for the one that stopped
        if not self.trainer.strategy.reduce_boolean_decision(bool(loss.isfinite()), all=True):
            where = f"in epoch {self.current_epoch}, step {batch_idx}"
            raise FloatingPointError(f"training loss is {loss.item()} {where}: lower lr ({self.lr:g})")
        self.train_loss.update(loss.detach())  # steps count alike: a step's mean over devices is of its joint batch
        if batch_idx == 0:  # once an epoch will do: Lightning computes the metric at its end
            self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        self._galleries = {name: [] for name in COLUMNS}

    def validation_step(self, batch: PostTriples | Queries, batch_idx: int, dataloader_idx: int = 0) -> None:
        if dataloader_idx < len(GALLERIES):
            self._keep(GALLERIES[dataloader_idx], cast(PostTriples, batch))
        else:
            self._rank(self.tasks[dataloader_idx - len(GALLERIES)], cast(Queries, batch))

    def _keep(self, name: str, batch: PostTriples) -> None:
        found = self.vectors(name, batch)
        if len(found) != len(batch.user):
            raise ValueError(f"{len(batch.user) - len(found)} rows of the gallery of {name}s have none")
        self._galleries[name].append(found)

    def _rank(self, task: str, batch: Queries) -> None:
        query, name = task.split("_")
        there = identities_of(batch.items)[:, COLUMNS[query]] >= 0
        parts = self._galleries[name]
        if name == "user" and not parts:
            parts.append(self.user_vectors())
        if len(parts) > 1:
            parts[:] = [torch.cat(parts)]
        found = self.vectors(query, batch.items)
        gallery = parts[0] if parts else found[:0]
        cast(RankMetrics, self.ranks[task]).update(true_ranks(found, gallery, batch.true[there]))

    def on_validation_epoch_end(self) -> None:
        """Log `val/<task>`, its mean median rank, and `val/joint`, the sum of these over the sizes of their galleries.

        Only tasks between modalities of a learned pair count (Section 4.3), and only those that have queries.
        """
        joint = []
        for task in self.tasks:
            metrics = cast(RankMetrics, self.ranks[task])
            rank = metrics.compute()["mean_median_rank"].float()
            metrics.reset()
            self.log(f"val/{task}", rank)
            if is_learned(task, self.pairs) and not rank.isnan():
                joint.append(rank / self._gallery_size(task.split("_")[1]))
        self._galleries = {}
        if joint:
            self.log("val/joint", torch.stack(joint).sum())

    def _gallery_size(self, name: str) -> int:
        if name == "user":
            return cast(nn.Embedding, self.encoders["user"]).num_embeddings
        return sum(map(len, self._galleries[name]))

    # optimisers
    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        learned = [parameter for parameter in self.parameters() if parameter.requires_grad]
        # Adam moves a user's row also in steps without it, so all are passed over: in one pass, which fused takes.
        # Lightning's mixed precision does not clip gradients of an optimiser that is fused.
        clipped = self._trainer is not None and self.trainer.gradient_clip_val is not None
        optimizer = torch.optim.Adam(learned, lr=self.lr, fused=not clipped)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, self.decay_every, gamma=0.1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "epoch"}}


def _starting_vectors(folder: Path) -> Tensor:
    path = folder / "vectors.npy"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no starting vectors of users; the stage `user_start` makes them")
    vectors = np.load(path, allow_pickle=False)
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError(f"{path}: {vectors.dtype} numbers of shape {vectors.shape}, not one finite vector a user")
    return torch.from_numpy(vectors.astype(np.float32))
