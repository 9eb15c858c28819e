"""Mirrors lightning_modules/classifier.py."""

import lightning as L
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from torch import Tensor, nn
from torch.utils.data import DataLoader

from encoders.batches import UNLABELLED, ModalPosts
from lightning_modules.classifier import PostClassifier, scored_label


class Linear(PostClassifier):
    """The least a classifier can be."""

    def __init__(self, average: str = "macro", lr: float = 0.1) -> None:
        super().__init__(3, average)
        torch.manual_seed(0)
        self.head, self.lr = nn.Linear(4, 3), lr

    def forward(self, batch: ModalPosts) -> Tensor:
        return self.head(batch.inputs["text"])

    def training_step(self, batch: ModalPosts) -> Tensor:
        logits = self(batch)
        loss = nn.functional.cross_entropy(logits, batch.label, ignore_index=UNLABELLED) * batch.inputs["scale"].mean()
        self.refuse_non_finite(loss, logits, batch, self.lr)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.lr)


def posts(count: int = 24) -> ModalPosts:
    """Every fifth post only fills its batch, every seventh has no label."""
    torch.manual_seed(1)
    label, weight = torch.randint(3, (count,)), torch.ones(count)
    label[::7], weight[::5] = UNLABELLED, 0
    inputs = {"text": torch.randn(count, 4), "scale": torch.ones(count)}
    return ModalPosts(inputs, torch.ones(count, 2).bool(), label, {}, weight, torch.arange(count))


def share(batch: ModalPosts, rows: list[int]) -> ModalPosts:
    inputs = {name: value[rows] for name, value in batch.inputs.items()}
    return ModalPosts(inputs, batch.present[rows], batch.label[rows], {}, batch.weight[rows], batch.row[rows])


def loader(batch: ModalPosts, size: int) -> DataLoader:
    return DataLoader(range(len(batch.label)), batch_size=size, collate_fn=lambda rows: share(batch, rows))


def trainer() -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    return L.Trainer(accelerator="cpu", devices=1, max_epochs=1, **quiet)


def kept(batch: ModalPosts) -> Tensor:
    return (batch.label != UNLABELLED) & (batch.weight > 0)


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("size", [1, 5, 24])  # batches of 1: some have nothing that counts
def test_scores_are_scikit_learns_on_posts_that_count(average: str, size: int) -> None:
    model, batch = Linear(average), posts()
    logits, label = model(batch)[kept(batch)].detach(), batch.label[kept(batch)]
    predicted = logits.argmax(-1)
    precision, recall, f1, _ = precision_recall_fscore_support(label, predicted, average=average, zero_division=0)
    scores = {"accuracy": accuracy_score(label, predicted), "precision": precision, "recall": recall, "f1": f1}
    validated = trainer().validate(model, loader(batch, size), verbose=False)[0]
    assert validated.pop("val/loss") == pytest.approx(nn.functional.cross_entropy(logits, label).item(), abs=1e-6)
    assert validated == pytest.approx({f"val/{name}": value for name, value in scores.items()}, abs=1e-6)
    matrix = confusion_matrix(label, predicted, labels=range(3))
    cells = {f"test/confusion/{g}_{p}": float(matrix[g, p]) for g in range(3) for p in range(3)}
    expected = pytest.approx({f"test/{name}": value for name, value in scores.items()} | cells, abs=1e-6)
    for _ in range(2):  # a second test starts from nothing
        assert trainer().test(model, loader(batch, size), verbose=False)[0] == expected


def test_filler_rows_are_unlabelled() -> None:
    batch = posts()
    label = scored_label(batch)
    assert torch.equal(label != UNLABELLED, kept(batch))
    assert torch.equal(label[kept(batch)], batch.label[kept(batch)])


def test_a_loss_that_is_not_finite_names_the_posts_with_such_logits() -> None:
    batch = posts(8)
    batch.inputs["text"][[0, 3, 4]] = torch.inf  # post 0 is a filler row and not to blame
    message = r"loss is nan in epoch 0, step 0, on post rows \[3, 4\] of device 0 .* lower lr \(0\.1\)"
    with pytest.raises(FloatingPointError, match=message):
        trainer().fit(Linear(), loader(batch, 8))


def test_a_loss_that_is_not_finite_on_finite_logits_names_all_posts_of_the_step() -> None:
    batch = posts(8)
    batch.inputs["scale"][5] = torch.nan
    message = r"loss is nan in epoch 0, step 1, on post rows \[4, 5, 6, 7\]"
    with pytest.raises(FloatingPointError, match=message):
        trainer().fit(Linear(), loader(batch, 4))


def test_a_finite_loss_trains_on() -> None:
    model = Linear()
    before = model.head.weight.detach().clone()
    trainer().fit(model, loader(posts(), 8))
    assert not torch.equal(model.head.weight, before)
