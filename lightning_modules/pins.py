"""Word embeddings learned by predicting the next word of what is said of a picture (Pins, section 4)."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric

from encoders.batches import PackedSentences
from encoders.vocabulary import read_counts
from lightning_modules.gru import GatedRecurrentUnit
from lightning_modules.losses import joint_means
from lightning_modules.sampled_softmax import Distribution, NegativeSampler, Rows, exact_nll, log_uniform, sampled_nll
from lightning_modules.visual import Visual
from lightning_modules.word_tables import clamp_gradients, dense_on_several_gpus, looked_up

SPREAD = 0.05  # parameters start uniform in +-SPREAD (code of the predecessor; the paper does not say)


class PinsLoss(NamedTuple):
    """What is minimised, and its terms; means over the joint batch of all devices."""

    total: Tensor
    nll: Tensor  # of the next words
    visual: Tensor  # Eq. 5 or 6, unweighted, over the sentences that have a picture; 0 for text only and model A


class WordEmbeddings(L.LightningModule):
    """A recurrent language model over the sentences of pictures; what it is trained for is its table of words, U_w.

    Text only is no `visual`; model A is `InitialState`, B `FinalState`, C `WordVectors`.

    Args:
        words: folder of the corpus, whose `words.parquet` has the vocabulary and its counts.
        visual: class that brings the pictures in, made with the three sizes below; None is text only.
        tie_weights: the soft-max layer shares the table (Section 4: transposed weight sharing).
        state_size: H (Section 4: 512).
        embedding_size: E (Table 3: 128).
        picture_size: W, bits of a picture (Section 4: VGG's 4,096).
        cell: class of the recurrent unit (Eq. 1-4), made with embedding and state size.
        negatives: S words a step of the sampled soft-max (Section 4: 1,024); None trains by the exact one.
        distribution: of the negatives: `log_uniform` over the rank or `log_count` ("according to their log frequency").
        lr: of SGD (Section 5.1: 1.0).
        seed: of the negatives, with epoch and step.

    Raises:
        FileNotFoundError: there is no such vocabulary.
        ValueError: it has fewer than twice as many words as negatives.
    """

    def __init__(
        self,
        words: str | Path,
        visual: Callable[[int, int, int], Visual] | None = None,
        *,
        tie_weights: bool = True,
        state_size: int = 512,
        embedding_size: int = 128,
        picture_size: int = 4096,
        cell: Callable[[int, int], nn.Module] = GatedRecurrentUnit,
        negatives: int | None = 1024,
        distribution: Distribution = log_uniform,
        lr: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(ignore=["words", "visual", "cell", "distribution"])
        if "_instantiator" in self.hparams:  # made from YAML: there they are class paths, plain values
            self.save_hyperparameters(ignore=["words"])
        counts = torch.from_numpy(read_counts(words))
        self.lr, self.seed, self.state_size = lr, seed, state_size
        # models
        sampled = negatives is not None  # the exact soft-max reads its layer whole, so its gradients are dense
        self.table = nn.Embedding(len(counts), embedding_size, sparse=sampled or not tie_weights)  # U_w
        self.cell = cell(embedding_size, state_size)
        self.to_words = nn.Sequential(nn.Linear(state_size, embedding_size), nn.ReLU())
        self.output = self.table if tie_weights else nn.Embedding(len(counts), embedding_size, sparse=sampled)  # U_M
        self.bias = nn.Embedding(len(counts), 1, sparse=sampled)  # of the soft-max layer
        self.visual = visual(state_size, embedding_size, picture_size) if visual is not None else None
        self.sampler = NegativeSampler(counts, distribution, negatives) if negatives is not None else None
        self._start()
        # metrics
        self.train_loss, self.val_nll, self.val_visual = (MeanMetric(nan_strategy="disable") for _ in range(3))

    @torch.no_grad()
    def _start(self) -> None:
        """Weights uniform, biases 0; those of the gates are the cell's."""
        for name, parameter in self.named_parameters():
            if name.startswith("cell.") and "bias" in name:
                continue
            if name.endswith("bias") or name == "bias.weight":
                parameter.zero_()
            else:
                parameter.uniform_(-SPREAD, SPREAD)

    def forward(self, batch: PackedSentences, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Map words' vectors (N, E) to states (N, H), and to what the soft-max layer is given (N, E)."""
        state = self.visual.first_state(batch) if self.visual is not None else None
        if state is None:
            state = vectors.new_zeros(len(batch.last), self.state_size)
        states = self.cell(vectors, batch.sizes, state)  # (N, H)
        return states, self.to_words(states)

    # losses
    def loss(self, batch: PackedSentences, rng: np.random.Generator) -> PinsLoss:
        """Next words by the sampled soft-max, plus lambda times Eq. 5 or 6."""
        nll, distances = self.sampled_terms(batch, rng) if self.sampler is not None else self.exact_terms(batch)
        sums = torch.stack([nll.sum(), (distances * batch.present).sum()])
        counts = torch.stack([nll.new_tensor(len(nll)), batch.present.sum().to(nll.dtype)])
        mean, visual = joint_means(sums, counts)
        return PinsLoss(mean + self.weight * visual, mean, visual)

    @property
    def weight(self) -> float:
        """lambda."""
        return self.visual.weight if self.visual is not None else 0.0

    def sampled_terms(self, batch: PackedSentences, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """-log p of the next words among themselves and the negatives, (N,), and Eq. 5 or 6 by sentence, (B,)."""
        sampler = cast(NegativeSampler, self.sampler)
        negatives = sampler.draw(rng)
        lists = (batch.targets, negatives.words)
        if self.output is self.table:
            vectors, *of_words = looked_up(self.table, batch.words, *lists)
        else:
            (vectors,), of_words = looked_up(self.table, batch.words), looked_up(self.output, *lists)
        biases = [bias.squeeze(1) for bias in looked_up(self.bias, *lists)]
        target, others = (Rows(*each) for each in zip(lists, of_words, biases, strict=True))
        states, hidden = self(batch, vectors)
        nll = sampled_nll(hidden, sampler, negatives, target=target, others=others)
        return nll, self._distances(batch, vectors, states)

    def exact_terms(self, batch: PackedSentences) -> tuple[Tensor, Tensor]:
        """The same with the soft-max over all words."""
        (vectors,) = looked_up(self.table, batch.words)
        states, hidden = self(batch, vectors)
        nll = exact_nll(hidden, batch.targets, self.output.weight, self.bias.weight.squeeze(1))
        return nll, self._distances(batch, vectors, states)

    def _distances(self, batch: PackedSentences, vectors: Tensor, states: Tensor) -> Tensor:
        found = self.visual.distances(batch, vectors, states) if self.visual is not None else None
        return found if found is not None else states.new_zeros(len(batch.last))

    # steps
    def on_fit_start(self) -> None:
        dense_on_several_gpus(self)

    def training_step(self, batch: PackedSentences, batch_idx: int) -> Tensor:
        loss = self.loss(batch, np.random.default_rng([self.seed, self.current_epoch, batch_idx])).total
        # asked of all devices, or the others would wait for the one that stopped
        if not self.trainer.strategy.reduce_boolean_decision(bool(loss.isfinite()), all=True):
            where = f"in epoch {self.current_epoch}, step {batch_idx}"
            raise FloatingPointError(f"training loss is {loss.item()} {where}: lower lr ({self.lr:g})")
        self.train_loss.update(loss.detach())  # steps count alike: a step's mean over devices is of its joint batch
        if batch_idx == 0:  # once an epoch will do: Lightning computes the metric at its end, and steps are short
            self.log("train/loss", self.train_loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: PackedSentences) -> None:
        nll, distances = self.exact_terms(batch)
        self.val_nll.update(nll)
        self.val_visual.update(distances[batch.present])  # a MeanMetric that lets nan be takes no weights

    def on_validation_epoch_end(self) -> None:
        """Log `val/nll`, nats a word by the exact soft-max, and `val/loss`, which adds lambda times Eq. 5 or 6."""
        nll, visual = self.val_nll.compute(), self.val_visual.compute()
        self.val_nll.reset()
        self.val_visual.reset()
        added = self.weight * visual.where(~visual.isnan(), 0)  # nan where no sentence has a picture
        self.log_dict({"val/nll": nll, "val/loss": nll + added})

    # optimisers
    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        if gradient_clip_val and gradient_clip_algorithm == "value":
            clamp_gradients(self, gradient_clip_val)
        else:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.lr)
