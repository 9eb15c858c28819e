"""lightning_modules/du2mce.py under Lightning's own trainer, on batches made by hand."""

from collections.abc import Callable
from pathlib import Path

import lightning as L
import pytest
import torch
from scipy.stats import rankdata
from torch.utils.data import DataLoader

from encoders.batches import PostTriples, Queries
from lightning_modules import Pair, UserContentEmbeddings

Make = Callable[..., UserContentEmbeddings]
Batch = Callable[..., PostTriples]
Loaders = list[DataLoader]

POSTS = [(0, 0, 0), (1, 1, 1), (-1, 2, 2), (2, -1, 3), (0, 3, 1), (-1, 4, 4), (3, 4, 5), (4, 5, -1), (5, -1, 0)]
TEXTS = [(-1, text, -1) for text in (20, 21, 22, 23, 24)]
PICTURES = [(picture, -1, -1) for picture in (30, 31, 32)]
TRUE = {
    "text_user": [[3], [0]],
    "image_text": [[0, 1, 4], [2, -1, -1], [3, 4, -1]],
    "image_user": [[1, 2], [5, -1], [4, -1]],
}
ASKED = {"text_user": TEXTS[:2], "image_text": PICTURES, "image_user": PICTURES}
FILLER = (-1, -1, -1)


def trainer(**options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    given = {"accelerator": "cpu", "devices": 1, "max_epochs": 1, "num_sanity_val_steps": 0, "precision": "64-true"}
    return L.Trainer(**(given | quiet | {"use_distributed_sampler": False} | options))


def steps(*batches: PostTriples | Queries) -> DataLoader:
    return DataLoader(batches, batch_size=None)


def held_out(triples: Batch, rank: int = 0, world: int = 1, asked: dict = ASKED) -> Loaders:
    """Galleries in two batches each, whole on every device, and a device's share of the queries with a filler."""
    galleries = [steps(triples(*rows[:2]), triples(*rows[2:])) for rows in (TEXTS, PICTURES)]
    queries = []
    for task, rows in asked.items():
        share, true = rows[rank::world], TRUE[task][rank::world]
        width = max(map(len, TRUE[task]))
        queries.append(steps(Queries(triples(*share, FILLER), torch.tensor([*true, [-1] * width]))))
    return [*galleries, *queries]


class Data(L.LightningDataModule):
    """Every device its share of each step."""

    def __init__(self, triples: Batch) -> None:
        super().__init__()
        self.triples = triples

    def train_dataloader(self) -> DataLoader:
        rank, world = self.trainer.global_rank, self.trainer.world_size
        batches = [[*POSTS, FILLER], [POSTS[0], FILLER], POSTS[2:6]]
        return steps(*(self.triples(*batch[rank::world]) for batch in batches))

    def val_dataloader(self) -> Loaders:
        return held_out(self.triples, self.trainer.global_rank, self.trainer.world_size)


def median_ranks(made: UserContentEmbeddings, triples: Batch, task: str) -> float:
    """By SciPy, from all similarities; nothing has more than three true items."""
    query, gallery = task.split("_")
    items = {"text": TEXTS, "image": PICTURES}
    with torch.no_grad():
        others = made.user_vectors() if gallery == "user" else made.vectors(gallery, triples(*items[gallery]))
        similarity = made.vectors(query, triples(*ASKED[task])) @ others.T
    medians = []
    for row, true in zip(similarity.numpy(), TRUE[task], strict=True):
        ranks = sorted(rankdata(-row)[[place for place in true if place >= 0]])
        medians.append((ranks[(len(ranks) - 1) // 2] + ranks[len(ranks) // 2]) / 2)
    return sum(medians) / len(medians)


def test_validation_ranks_each_task_and_adds_up_the_learned_ones(space: Make, triples: Batch) -> None:
    made = space(pairs=[Pair("text", "user", 0.5), Pair("image", "text", 0.5)])
    (found, *_) = trainer().validate(made, held_out(triples), verbose=False)
    expected = {f"val/{task}": median_ranks(made, triples, task) for task in TRUE}
    joint = expected["val/text_user"] / 6 + expected["val/image_text"] / 5
    assert found == pytest.approx(expected | {"val/joint": joint}, rel=1e-6)


def test_tasks_have_the_order_that_they_are_given_in(space: Make, triples: Batch) -> None:
    """Galleries that no task asks may be empty."""
    made = space(tasks=["image_user", "text_user"])
    empty = [DataLoader([], batch_size=None) for _ in range(2)]
    loaders = empty + held_out(triples, asked={task: ASKED[task] for task in made.tasks})[2:]
    (found, *_) = trainer().validate(made, loaders, verbose=False)
    assert found["val/text_user"] == pytest.approx(median_ranks(made, triples, "text_user"))
    assert found["val/image_user"] == pytest.approx(median_ranks(made, triples, "image_user"))


def test_a_task_without_queries_is_left_out_and_none_at_all_is_refused(space: Make, triples: Batch) -> None:
    made, loaders = space(), held_out(triples)
    loaders[2] = DataLoader([], batch_size=None)
    (found, *_) = trainer().validate(made, loaders, verbose=False)
    assert found["val/joint"] == pytest.approx(found["val/image_text"] / 5 + found["val/image_user"] / 6)
    made = space(pairs=[Pair("text", "user", 1.0)])
    with pytest.raises(ValueError, match=r"validation asks image_text, image_user, which no learned pair brings"):
        trainer().fit(made, steps(triples(*POSTS)), loaders)
    assert made.trainer.global_step == 0


def test_a_gallery_with_holes_is_refused(space: Make, triples: Batch) -> None:
    loaders = [steps(triples(*TEXTS, FILLER)), *held_out(triples)[1:]]
    with pytest.raises(ValueError, match=r"1 rows of the gallery of texts have none"):
        trainer().validate(space(), loaders, verbose=False)


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_gradients_can_be_clipped(space: Make, triples: Batch, precision: str) -> None:
    """Users that a clipped step of plain Adam leaves in place would have moved by the rate."""
    made, options = space(lr=0.01), {"precision": precision, "max_steps": 1, "gradient_clip_val": 1e-12}
    before = made.user_vectors().detach().clone()
    trainer(**options).fit(made, steps(triples(*POSTS)))
    moved = (made.user_vectors() - before).abs().max()
    assert 0 < moved < 1e-4


def test_training_lowers_the_loss_though_some_steps_have_no_anchor(space: Make, triples: Batch) -> None:
    made, batch = space(lr=0.01), triples(*POSTS)
    before = made.loss(batch).total.item()
    alone = [triples(FILLER), triples(), triples((-1, 1, -1), (2, -1, -1))]
    one = trainer(max_epochs=5)
    one.fit(made, steps(batch, *alone))
    assert made.loss(batch).total.item() < 0.5 * before
    assert one.callback_metrics["train/loss"].isfinite()


def test_a_step_without_anchors_has_loss_zero_and_moves_nothing(space: Make, triples: Batch) -> None:
    made = space()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    trainer().fit(made, steps(triples((-1, 1, -1), (2, -1, -1), (-1, -1, 3))))
    torch.testing.assert_close(made.state_dict(), before, rtol=0, atol=0)


def test_the_rate_falls_to_a_tenth_every_so_many_epochs(space: Make, triples: Batch) -> None:
    rates = []

    class Watch(L.Callback):
        def on_train_epoch_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    trainer(max_epochs=5, callbacks=[Watch()]).fit(space(decay_every=2), steps(triples(*POSTS), triples(*POSTS)))
    assert rates == pytest.approx([5e-4, 5e-4, 5e-5, 5e-5, 5e-6])


def test_a_loss_that_is_not_finite_stops_training_and_says_where(space: Make, triples: Batch) -> None:
    made = space()
    with torch.no_grad():
        made.projections["text"].weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match=r"training loss is nan in epoch 0, step 0: lower lr \(0.0005\)"):
        trainer().fit(made, steps(triples(*POSTS)))


def test_mixed_precision_trains_nearly_as_full_precision_does(space: Make, triples: Batch) -> None:
    full, mixed = (space().float() for _ in range(2))
    for made, precision in ((full, "32-true"), (mixed, "bf16-mixed")):
        trainer(precision=precision).fit(made, steps(triples(*POSTS)))
    for one, two in zip(full.parameters(), mixed.parameters(), strict=True):
        assert two.dtype == torch.float32
        torch.testing.assert_close(two, one, rtol=0, atol=2.1 * full.lr)  # Adam's first step is the rate, by sign


def test_a_checkpoint_holds_plain_values(space: Make, triples: Batch, tmp_path: Path) -> None:
    one = trainer()
    one.fit(space(frozen=["user"]), steps(triples(*POSTS)))
    one.save_checkpoint(tmp_path / "last.ckpt")
    saved = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert saved["hyper_parameters"]["margin"] == 0.2
    assert saved["hyper_parameters"]["frozen"] == ["user"]
    again = space()
    again.load_state_dict(saved["state_dict"])


@pytest.mark.usefixtures("_can_fork")
@pytest.mark.parametrize(
    "settings", [{}, {"pairs": [Pair("content", "user", 1.0)]}, {"pairs": [Pair("text", "user", 1.0)]}], ids=str
)
def test_two_processes_train_to_the_weights_of_one(settings: dict, space: Make, triples: Batch) -> None:
    """One of them has a step without any post, the other a step without pictures."""
    one, two, untrained = (space(**settings, lr=0.01) for _ in range(3))
    alone, pair = trainer(max_epochs=3), trainer(max_epochs=3, devices=2, strategy="ddp_fork")
    alone.fit(one, datamodule=Data(triples))
    pair.fit(two, datamodule=Data(triples))
    torch.testing.assert_close(two.state_dict(), one.state_dict())
    for name, value in alone.callback_metrics.items():
        assert pair.callback_metrics[name].item() == pytest.approx(value.item(), rel=1e-5), name
    assert {"train/loss", "val/joint", *(f"val/{task}" for task in TRUE)} <= alone.callback_metrics.keys()
    still = [name for name, value in one.named_parameters() if torch.equal(value, untrained.get_parameter(name))]
    assert all(not one.get_parameter(name).requires_grad for name in still)
