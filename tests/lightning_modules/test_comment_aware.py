"""Mirrors lightning_modules/comment_aware.py."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.pytorch.cli import LightningCLI
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from torch import Tensor, distributed, nn
from torch.utils.data import DataLoader, IterableDataset

from encoders.batches import UNLABELLED, CommentedPosts
from lightning_modules import AdditiveScore, BertCnn, BilinearScore, CommentAwareClassifier, FeedForwardScore


class Texts(nn.Module):
    """Text encoder of the tests: a linear layer and a norm on stored vectors, counting the rows it encodes."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.width, self.encoded = width, 0
        self.layer, self.norm = nn.Linear(width, width), nn.LayerNorm(width)

    def forward(self, texts: Tensor) -> Tensor:
        self.encoded += len(texts)
        return self.norm(self.layer(texts))


class PlainSteps(CommentAwareClassifier):
    """Plain gradient steps, in which a wrong scale of the gradient shows (AdamW's do not change with it)."""

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def classifier(
    kind: type[CommentAwareClassifier] = CommentAwareClassifier, **options: object
) -> CommentAwareClassifier:
    torch.manual_seed(0)
    return kind(3, Texts(), BertCnn(4, 6, hidden_size=5), **options)


def posts(count: int = 8, seed: int = 0) -> CommentedPosts:
    """Posts 0-3: both modalities, picture, text, none; post 1 has no comments; every other one is unlabelled."""
    torch.manual_seed(seed)
    present = torch.tensor([[True, True], [True, False], [False, True], [False, False]]).repeat(count // 4, 1)
    label, weight = torch.randint(3, (count,)), torch.tensor([1.0, 0.0, 2.0, 1.0, 1.0]).repeat(count, 1)
    label[1::2] = UNLABELLED
    weight[1] = 0
    return CommentedPosts(
        image=torch.randn(count, 4) * present[:, :1],
        text=torch.randn(count, 6) * present[:, 1:],
        present=present,
        comments=torch.randn(7, 6),
        comment_index=torch.randint(7, (count, 5)) * (weight > 0),
        comment_weight=weight,
        label=label,
        target=torch.randn(count, 3).softmax(-1) * (label == UNLABELLED).unsqueeze(-1),
        weight=torch.ones(count),
        row=torch.arange(count).where(label != UNLABELLED, -1),
    )


def share(batch: CommentedPosts, rows: list[int]) -> CommentedPosts:
    """Some posts of a batch, with the same distinct comments."""
    return CommentedPosts(*(v if name == "comments" else v[rows] for name, v in batch._asdict().items()))


def loader(batch: CommentedPosts, size: int) -> DataLoader:
    return DataLoader(range(len(batch.label)), batch_size=size, collate_fn=lambda rows: share(batch, rows))


def trainer(**options: object) -> L.Trainer:
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return L.Trainer(**({"accelerator": "cpu", "devices": 1, "max_epochs": 1} | quiet | options))


def test_class_is_read_from_both_attended_vectors_and_the_base() -> None:
    model, batch = classifier(), posts()
    attended = model.attend(batch)
    text, known = model.text_encoder(batch.text), model.base(batch.image, model.text_encoder(batch.text), batch.present)
    assert text.shape == (8, 6)
    for post in range(8):
        h = model.comment(model.text_encoder(batch.comments[batch.comment_index[post]]))  # (N, H)
        sums = []
        for query, attention in ((known.image, model.image_attention), (known.text, model.text_attention)):
            z = attention.score(query[post : post + 1], h[None])[0].exp() * batch.comment_weight[post]
            sums.append((z / z.sum().clamp(min=1e-9)) @ h)
        expected = model.head[1](model.head[0](torch.cat([*sums, known.fusion[post]])))
        torch.testing.assert_close(attended.logits[post], expected)
    assert attended.image_attention.shape == attended.text_attention.shape == (8, 5)
    assert not attended.text_attention[1].any()
    torch.testing.assert_close(model(batch), attended.logits)


def test_base_classifier_alone_reads_no_comments() -> None:
    model, batch = classifier(comments=False), posts()
    logits = model(batch)
    assert logits.shape == (8, 3)
    torch.testing.assert_close(model(batch._replace(comments=torch.randn(7, 6))), logits, rtol=0, atol=0)
    assert model.text_encoder.encoded == 2 * 8
    assert not model.attend(batch).image_attention.any()


def test_distinct_comments_are_encoded_once_with_the_same_result() -> None:
    model, batch = classifier(), posts()
    apart = batch._replace(
        comments=batch.comments[batch.comment_index].flatten(0, 1), comment_index=torch.arange(40).view(8, 5)
    )
    once, grads = model(batch), []
    assert model.text_encoder.encoded == 8 + 7
    torch.testing.assert_close(once, model(apart))
    for version in (batch, apart):
        model.zero_grad()
        model.loss(model(version), version).total.backward()
        grads.append(model.text_encoder.layer.weight.grad.clone())
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize("changed", ["image", "text", "comments"])
def test_what_one_post_lacks_moves_no_other_post(changed: str) -> None:
    model, batch = classifier(), posts()
    before = model(batch)
    if changed == "comments":
        weight = batch.comment_weight.clone()
        weight[0] = 0
        after = model(batch._replace(comment_weight=weight))
    else:
        present = batch.present.clone()
        present[0, ["image", "text"].index(changed)] = False
        after = model(batch._replace(present=present))
    torch.testing.assert_close(after[1:], before[1:], rtol=0, atol=0)
    assert not torch.equal(after[0], before[0])


@pytest.mark.parametrize("score", [FeedForwardScore, BilinearScore, AdditiveScore])
def test_every_parameter_gets_a_finite_gradient(score: type[nn.Module]) -> None:
    model, batch = classifier(score=score), posts()
    model.loss(model(batch), batch).total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        # what adds the same to all scores of a post is cancelled by the softmax
        assert parameter.grad.any() or name.endswith("score.comment.bias"), name


def test_a_batch_without_any_comment_trains_the_base_only() -> None:
    model, batch = classifier(), posts()
    bare = batch._replace(comments=torch.zeros(1, 6), comment_index=torch.zeros(8, 5, dtype=torch.long))
    model.loss(model(bare._replace(comment_weight=torch.zeros(8, 5))), bare).total.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert not any(p.grad.any() for p in model.image_attention.parameters())
    assert not model.comment.weight.grad.any()
    assert model.base.text.weight.grad.any()


def test_the_two_attentions_do_not_start_alike() -> None:
    model = classifier()
    assert not torch.equal(model.image_attention.score.hidden.weight, model.text_attention.score.hidden.weight)


def test_widths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Texts gives vectors of 6, BertCnn takes 7.*text_size to 6"):
        CommentAwareClassifier(3, Texts(6), BertCnn(4, 7, 5))


def test_decay_spares_vectors_and_new_layers_have_their_rate() -> None:
    model = classifier(lr=1e-3, head_lr=1e-2)
    fit = trainer(max_epochs=1)
    fit.fit(model, loader(posts(), 4))
    groups = {group["name"]: group for group in fit.optimizers[0].param_groups}
    assert {name: (group["initial_lr"], group["weight_decay"]) for name, group in groups.items()} == {
        "text_encoder/no_decay": (1e-3, 0.0),
        "text_encoder/decay": (1e-3, 0.01),
        "new/no_decay": (1e-2, 0.0),
        "new/decay": (1e-2, 0.01),
    }
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    grouped = {key: [names[id(p)] for p in group["params"]] for key, group in groups.items()}
    assert sorted(chain.from_iterable(grouped.values())) == sorted(names.values())
    assert grouped["text_encoder/decay"] == ["text_encoder.layer.weight"]
    assert all(name.endswith("weight") and "norm" not in name for name in grouped["new/decay"])
    assert all(name.endswith("bias") for name in grouped["new/no_decay"])


def test_frozen_parameters_are_in_no_group() -> None:
    model = classifier()
    model.text_encoder.requires_grad_(False)
    fit = trainer()
    fit.fit(model, loader(posts(), 4))
    assert [group["name"] for group in fit.optimizers[0].param_groups] == ["new/no_decay", "new/decay"]


class Rates(L.Callback):
    """Writes down the learning rate each step is taken with."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_start(self, trainer: L.Trainer, *_: object) -> None:
        self.seen.append(trainer.optimizers[0].param_groups[0]["lr"])


def test_rate_climbs_for_a_tenth_of_the_steps_and_falls_to_zero() -> None:
    rates = Rates()
    fit = trainer(max_epochs=10, callbacks=[rates])
    fit.fit(classifier(lr=1.0), loader(posts(), 4))  # 20 steps
    expected = [0, 1 / 2] + [(20 - step) / 18 for step in range(2, 20)]
    assert rates.seen == pytest.approx(expected)
    assert fit.optimizers[0].param_groups[0]["lr"] == 0


def test_training_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"max_epochs"):
        trainer(max_epochs=-1).fit(classifier(), loader(posts(), 4))


def test_training_lowers_the_loss() -> None:
    model, batch = classifier(lr=1e-2), posts()
    before = model.loss(model(batch), batch).total.item()
    trainer(max_epochs=40).fit(model, loader(batch, 8))
    assert model.loss(model(batch), batch).total.item() < before / 2


def test_non_finite_loss_names_step_and_posts() -> None:
    batch = posts()
    batch.image[4] = torch.nan
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 0, step 1, on post rows \[4\]"):
        trainer().fit(classifier(), loader(batch, 4))


def evaluated(batch: CommentedPosts, model: CommentAwareClassifier) -> tuple[Tensor, Tensor]:
    scored = (batch.label != UNLABELLED) & (batch.weight > 0)
    return batch.label[scored], model.eval()(batch)[scored].argmax(-1)


def sklearn_scores(batch: CommentedPosts, model: CommentAwareClassifier, part: str) -> dict[str, float]:
    label, predicted = evaluated(batch, model)
    precision, recall, f1, _ = precision_recall_fscore_support(label, predicted, average="weighted", zero_division=0)
    scores = {"accuracy": accuracy_score(label, predicted), "precision": precision, "recall": recall, "f1": f1}
    return {f"{part}/{name}": float(value) for name, value in scores.items()}


def labelled_posts(count: int = 24) -> CommentedPosts:
    """All labelled; each fifth only fills its batch."""
    batch, weight = posts(count), torch.ones(count)
    weight[::5] = 0
    return batch._replace(label=torch.randint(3, (count,)), weight=weight)


def test_validation_and_test_scores_are_scikit_learns_without_filler_rows() -> None:
    model, batch = classifier(), labelled_posts()
    validated, tested = trainer().validate(model, loader(batch, 5))[0], trainer().test(model, loader(batch, 5))[0]
    cross_entropy = validated.pop("val/loss")
    kept = batch.weight > 0
    assert cross_entropy == pytest.approx(nn.functional.cross_entropy(model(batch)[kept], batch.label[kept]).item())
    assert validated == pytest.approx(sklearn_scores(batch, model, "val"), abs=1e-6)
    matrix = confusion_matrix(*evaluated(batch, model), labels=range(3))
    cells = {f"test/confusion/{g}_{p}": float(matrix[g, p]) for g in range(3) for p in range(3)}
    assert tested == pytest.approx(sklearn_scores(batch, model, "test") | cells, abs=1e-6)


def test_prediction_keeps_every_row() -> None:
    model, batch = classifier(), labelled_posts(8)
    first, second = trainer().predict(model, loader(batch, 4))
    torch.testing.assert_close(torch.cat([first.row, second.row]), batch.row)
    torch.testing.assert_close(torch.cat([first.weight, second.weight]), batch.weight)
    torch.testing.assert_close(torch.cat([first.probabilities, second.probabilities]), model(batch).softmax(-1))
    torch.testing.assert_close(second.text_attention, model.attend(batch).text_attention[4:])


def test_checkpoint_holds_plain_values_and_gives_the_same_logits(tmp_path: Path) -> None:
    model, fit, batch = classifier(score=BilinearScore, lr=1e-2), trainer(), posts()
    fit.fit(model, loader(batch, 4))
    fit.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert stored["hyper_parameters"].keys().isdisjoint({"text_encoder", "base", "score"})
    assert stored["hyper_parameters"]["lr"] == 1e-2
    back = CommentAwareClassifier.load_from_checkpoint(
        tmp_path / "last.ckpt", text_encoder=Texts(), base=BertCnn(4, 6, 5), score=BilinearScore, weights_only=True
    )
    torch.testing.assert_close(back(batch), model(batch), rtol=0, atol=0)


def test_a_model_made_from_yaml_keeps_its_classes_in_the_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(f"""
model:
  num_classes: 3
  text_encoder: {{class_path: {Texts.__module__}.Texts, init_args: {{width: 6}}}}
  base: {{class_path: lightning_modules.BertCnn, init_args: {{image_size: 4, text_size: 6, hidden_size: 5}}}}
  score: lightning_modules.AdditiveScore
  average: macro
trainer: {{accelerator: cpu, devices: 1, logger: false, max_epochs: 1, default_root_dir: {tmp_path}}}
""")
    arguments = ["--config", str(tmp_path / "model.yaml")]
    cli = LightningCLI(CommentAwareClassifier, run=False, save_config_callback=None, args=arguments)
    assert isinstance(cli.model.image_attention.score, AdditiveScore)
    cli.trainer.fit(cli.model, loader(posts(), 4))
    cli.trainer.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)["hyper_parameters"]
    assert stored["base"]["class_path"] == "lightning_modules.BertCnn"
    back = CommentAwareClassifier.load_from_checkpoint(tmp_path / "last.ckpt", weights_only=True)
    torch.testing.assert_close(back(posts()), cli.model(posts()), rtol=0, atol=0)


class Shares(IterableDataset):
    """The same steps of `size` posts on any number of devices: each takes every n-th post of a step."""

    def __init__(self, batch: CommentedPosts, size: int) -> None:
        self.batch, self.size = batch, size

    def __iter__(self) -> Iterator[CommentedPosts]:
        spread = distributed.is_initialized()
        rank, world = (distributed.get_rank(), distributed.get_world_size()) if spread else (0, 1)
        for start in range(0, len(self.batch.label), self.size):
            yield share(self.batch, list(range(start, start + self.size))[rank::world])


@pytest.mark.usefixtures("_can_fork")
def test_two_devices_train_and_score_like_one() -> None:
    """All labelled posts are on the first device, all unlabelled ones on the second; steps of 8 posts in all."""
    train, scored = posts(16), labelled_posts()
    train.weight[[3, 14]] = 0
    one, two = classifier(PlainSteps), classifier(PlainSteps)
    alone = trainer(max_epochs=2)
    alone.fit(one, DataLoader(Shares(train, 8), batch_size=None))
    pair = trainer(max_epochs=2, devices=2, strategy="ddp_fork")
    pair.fit(two, DataLoader(Shares(train, 8), batch_size=None))
    torch.testing.assert_close(two.state_dict(), one.state_dict())
    assert pair.callback_metrics["train/loss"] == pytest.approx(alone.callback_metrics["train/loss"].item(), abs=1e-5)
    result = trainer(devices=2, strategy="ddp_fork").test(two, DataLoader(Shares(scored, 6), batch_size=None))[0]
    matrix = confusion_matrix(*evaluated(scored, two), labels=range(3))
    cells = {f"test/confusion/{g}_{p}": float(matrix[g, p]) for g in range(3) for p in range(3)}
    assert result == pytest.approx(sklearn_scores(scored, two, "test") | cells, abs=1e-6)
