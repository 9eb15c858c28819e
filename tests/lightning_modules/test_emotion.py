"""Mirrors lightning_modules/emotion.py."""

import math
from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.pytorch.cli import LightningCLI
from torch.utils.data import DataLoader

from encoders.batches import UNLABELLED, ModalPosts, Tokens
from encoders.stored import StoredVectors
from encoders.vocabulary import Vocabulary, write_vocabulary
from encoders.words import WordPooling
from lightning_modules import CommonSpace, Concatenation, EmotionClassifier, Pooling

PICTURE, WIDTH, CLASSES, NEGATIVES = 6, 4, 3, 2
TEXTS = ["dog in snow", "sea sea", "", "owl", "snow", "hill road", "in snow", "dog"]
OTHERS = ["owl sea", "dog", "hill", "snow in", "road", "owl", "sea", "dog dog"] * NEGATIVES


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    write_vocabulary(folder, [*TEXTS, *OTHERS, "never said"], [], WIDTH)
    return folder


@pytest.fixture
def batch(words: Path) -> ModalPosts:
    """Posts with both, picture, text, none, twice; all labelled, with 2 texts of other posts each."""
    torch.manual_seed(0)
    present = torch.tensor([[True, True], [True, False], [False, True], [False, False]]).repeat(2, 1)
    inputs = {"image": torch.randn(8, PICTURE), "text": tokens(words, TEXTS)}
    label = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    return ModalPosts(inputs, present, label, {"text": tokens(words, OTHERS)}, torch.ones(8), torch.arange(8))


def tokens(words: Path, texts: list[str]) -> Tokens:
    rows = Vocabulary(words)(texts)
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    return Tokens(ids, ids != 0)


def classifier(words: Path, modalities: tuple[str, ...] = ("image", "text"), **options: object) -> EmotionClassifier:
    torch.manual_seed(0)
    made = {"image": StoredVectors(PICTURE), "text": WordPooling(words, dropout=0.0)}
    return EmotionClassifier(CLASSES, {name: made[name] for name in modalities}, **({"hidden_size": 5} | options))


def share(batch: ModalPosts, rows: list[int], modalities: tuple[str, ...] = ("image", "text")) -> ModalPosts:
    """Some posts of a batch, as some of their modalities."""
    take = lambda value, at: Tokens(*(part[at] for part in value)) if isinstance(value, Tokens) else value[at]  # noqa: E731
    drawn = [NEGATIVES * row + number for row in rows for number in range(NEGATIVES)]
    columns = [list(batch.inputs).index(name) for name in modalities]
    return ModalPosts(
        inputs={name: take(batch.inputs[name], rows) for name in modalities},
        present=batch.present[rows][:, columns],
        label=batch.label[rows],
        negatives={name: take(value, drawn) for name, value in batch.negatives.items()},
        weight=batch.weight[rows],
        row=batch.row[rows],
    )


def loader(batch: ModalPosts, size: int) -> DataLoader:
    return DataLoader(range(len(batch.label)), batch_size=size, collate_fn=lambda rows: share(batch, rows))


def trainer(**options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    return L.Trainer(**({"accelerator": "cpu", "devices": 1, "max_epochs": 1} | quiet | options))


def minus_log_probability(model: EmotionClassifier, batch: ModalPosts, post: int) -> float:
    """-log P(y | x) of Eq. 12, from the weights: Eq. 11, 10, the low-rank layer, 5 and 6."""
    picture, text = batch.inputs["image"][post], model.encoders["text"](batch.inputs["text"])[post]
    projection, first, last = model.fusion.projections["image"], model.head[0], model.head[1]
    known = [projection.weight @ picture + projection.bias] * bool(batch.present[post, 0])
    known += [text] * bool(batch.present[post, 1])
    pooled = torch.stack(known).amax(0) if known else torch.zeros(WIDTH)
    scores = (last.weight @ (first.weight @ pooled + first.bias) + last.bias).tolist()
    return -math.log(math.exp(scores[batch.label[post]]) / sum(map(math.exp, scores)))


def ranking(model: EmotionClassifier, batch: ModalPosts, post: int) -> float:
    """Eq. 13 of a post; 0 where it lacks picture or text."""
    if not batch.present[post].all():
        return 0.0
    projection, total = model.fusion.projections["image"], 0.0
    picture = projection.weight @ batch.inputs["image"][post] + projection.bias
    positive = model.encoders["text"](batch.inputs["text"])[post]
    for negative in model.encoders["text"](batch.negatives["text"])[NEGATIVES * post : NEGATIVES * (post + 1)]:
        nearer, other = (math.exp(-(picture - text).square().sum().item()) for text in (positive, negative))
        total -= math.log(nearer / (nearer + other))
    return total


def test_loss_is_equation_12_post_by_post(words: Path, batch: ModalPosts) -> None:
    model = classifier(words)
    loss, logits = model.loss(batch)
    expected = sum(minus_log_probability(model, batch, post) for post in range(8)) / 8
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)
    assert (loss.cross_entropy.item(), loss.auxiliary.item()) == (loss.total.item(), 0.0)
    torch.testing.assert_close(logits, model(batch))


def test_loss_with_the_auxiliary_task_is_equation_14_post_by_post(words: Path, batch: ModalPosts) -> None:
    model = classifier(words, auxiliary=CommonSpace(main_weight=3.0))
    loss = model.loss(batch)[0]
    posts = range(8)
    expected = sum(3 * minus_log_probability(model, batch, post) + ranking(model, batch, post) for post in posts) / 8
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)
    assert loss.total.item() == pytest.approx(3 * loss.cross_entropy.item() + loss.auxiliary.item())
    assert loss.auxiliary > 0


def test_the_low_rank_layer_has_no_activation(words: Path) -> None:
    model = classifier(words, hidden_size=2)
    one, other = torch.randn(2, 7, WIDTH)
    both = model.head(one) + model.head(other) - model.head(torch.zeros(WIDTH))
    torch.testing.assert_close(model.head(one + other), both)
    slope = model.head[1].weight @ model.head[0].weight
    assert torch.linalg.matrix_rank(slope) == 2
    torch.testing.assert_close(model.head(one) - model.head(torch.zeros(WIDTH)), one @ slope.T)


def test_without_a_low_rank_layer_there_is_one_linear_layer(words: Path) -> None:
    assert [tuple(layer.weight.shape) for layer in classifier(words, hidden_size=None).head] == [(CLASSES, WIDTH)]
    assert [tuple(layer.weight.shape) for layer in classifier(words).head] == [(5, WIDTH), (CLASSES, 5)]
    assert classifier(words, fusion=Concatenation).head[0].in_features == PICTURE + WIDTH


@pytest.mark.parametrize("fusion", [Concatenation, Pooling])
@pytest.mark.parametrize("modality", ["image", "text"])
def test_a_modalitys_own_classifier_is_linear_on_its_vector(
    words: Path, batch: ModalPosts, modality: str, fusion: type
) -> None:
    model, posts = (
        classifier(words, (modality,), fusion=fusion, hidden_size=None),
        [0, 1, 4, 5] if modality == "image" else [0, 4],
    )
    alone = share(batch, posts, (modality,))
    vectors = model.encoders[modality](alone.inputs[modality])
    torch.testing.assert_close(model(alone), vectors @ model.head[0].weight.T + model.head[0].bias)


@pytest.mark.parametrize("auxiliary", [None, CommonSpace()], ids=["joint", "common"])
def test_unlabelled_and_filler_rows_weigh_nothing(words: Path, batch: ModalPosts, auxiliary: CommonSpace) -> None:
    label, weight = batch.label.clone(), batch.weight.clone()
    label[0], weight[4] = UNLABELLED, 0  # the two that have both modalities
    batch.present[2] = True
    some, model = batch._replace(label=label, weight=weight), classifier(words, auxiliary=auxiliary)
    kept, grads = share(some, [1, 2, 3, 5, 6, 7]), []
    for version in (some, kept):
        model.zero_grad()
        model.loss(version)[0].total.backward()
        grads.append([parameter.grad.to_dense() for parameter in model.parameters()])
    torch.testing.assert_close(torch.stack(model.loss(some)[0]), torch.stack(model.loss(kept)[0]))
    torch.testing.assert_close(*grads)
    nothing = batch._replace(weight=torch.zeros(8))
    assert model.loss(nothing)[0].total == 0


@pytest.mark.parametrize("auxiliary", [None, CommonSpace()], ids=["joint", "common"])
def test_gradients_reach_encoders_projection_and_head(words: Path, batch: ModalPosts, auxiliary: CommonSpace) -> None:
    model = classifier(words, auxiliary=auxiliary)
    model.loss(batch)[0].total.backward()
    names = {name for name, parameter in model.named_parameters() if parameter.grad.to_dense().any()}
    assert names == {
        *("encoders.text.table.weight", "fusion.projections.image.weight", "fusion.projections.image.bias"),
        *("head.0.weight", "head.0.bias", "head.1.weight", "head.1.bias"),
    }


@pytest.mark.parametrize("fusion", [Concatenation, Pooling])
def test_what_an_absent_modality_holds_moves_no_logit(words: Path, batch: ModalPosts, fusion: type) -> None:
    model = classifier(words, fusion=fusion)
    image = torch.where(batch.present[:, :1], batch.inputs["image"], 1e3)
    text = [text if has else "owl hill sea" for text, has in zip(TEXTS, batch.present[:, 1].tolist(), strict=True)]
    other = batch._replace(inputs={"image": image, "text": tokens(words, text)})
    torch.testing.assert_close(model(other), model(batch), rtol=0, atol=0)
    present = batch.present.clone()
    present[0, 0] = False
    after = model(batch._replace(present=present))
    torch.testing.assert_close(after[1:], model(batch)[1:], rtol=0, atol=0)
    assert not torch.equal(after[0], model(batch)[0])


def test_an_auxiliary_task_needs_a_common_space(words: Path) -> None:
    with pytest.raises(ValueError, match=r"^Concatenation has no common space: set model\.auxiliary to null"):
        classifier(words, fusion=Concatenation, auxiliary=CommonSpace())


def test_a_step_of_sgd_moves_only_words_of_the_step(words: Path, batch: ModalPosts) -> None:
    model = classifier(words, auxiliary=CommonSpace(), lr=0.1)
    both = share(batch, [0, 4])
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    model.loss(both)[0].total.backward()
    expected = {name: before[name] - 0.1 * p.grad.to_dense() for name, p in model.named_parameters()}
    model.zero_grad()
    trainer().fit(model, loader(both, 2))
    torch.testing.assert_close(dict(model.named_parameters()), expected)
    moved = (model.encoders["text"].table.weight != before["encoders.text.table.weight"]).any(1).nonzero().flatten()
    said = " ".join([TEXTS[0], TEXTS[4], *OTHERS[:NEGATIVES], *OTHERS[4 * NEGATIVES : 5 * NEGATIVES]])
    assert moved.tolist() == sorted(set(Vocabulary(words)([said])[0]))


def test_a_table_that_is_not_trained_is_not_the_optimisers(words: Path, batch: ModalPosts) -> None:
    encoders = {"image": StoredVectors(PICTURE), "text": WordPooling(words, trainable=False)}
    model = EmotionClassifier(CLASSES, encoders)
    (group,) = model.configure_optimizers().param_groups
    assert (len(group["params"]), group["lr"], group["momentum"]) == (6, 0.01, 0)
    model.loss(batch)[0].total.backward()


def test_training_lowers_the_loss(words: Path, batch: ModalPosts) -> None:
    model = classifier(words, auxiliary=CommonSpace(), lr=0.05)
    some = share(batch, [0, 1, 2, 4, 5, 6])
    before = model.loss(some)[0].total.item()
    trainer(max_epochs=60).fit(model, loader(some, 6))
    assert model.loss(some)[0].total.item() < 0.75 * before


def test_a_non_finite_loss_names_step_and_posts(words: Path, batch: ModalPosts) -> None:
    batch.inputs["image"][5] = torch.nan
    with pytest.raises(FloatingPointError, match=r"loss is nan in epoch 0, step 1, on post rows \[5\]"):
        trainer().fit(classifier(words), loader(batch, 4))


def test_prediction_says_which_modalities_were_there(words: Path, batch: ModalPosts) -> None:
    model, weight = classifier(words), torch.ones(8)
    weight[7] = 0
    filled = batch._replace(weight=weight)
    first, second = trainer().predict(model, loader(filled, 5))
    together = [torch.cat(pair) for pair in zip(first, second, strict=True)]
    expected = [filled.row, weight, model(filled).softmax(-1), filled.present]
    for got, wanted in zip(together, expected, strict=True):
        torch.testing.assert_close(got, wanted)


def test_checkpoint_holds_plain_values_and_gives_the_same_logits(
    words: Path, batch: ModalPosts, tmp_path: Path
) -> None:
    model, fit = classifier(words, auxiliary=CommonSpace(), lr=0.1), trainer()
    fit.fit(model, loader(batch, 4))
    fit.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)["hyper_parameters"]
    assert stored == {"num_classes": CLASSES, "hidden_size": 5, "average": "macro", "lr": 0.1}
    encoders = {"image": StoredVectors(PICTURE), "text": WordPooling(words)}
    given = {"encoders": encoders, "auxiliary": CommonSpace(), "weights_only": True}
    back = EmotionClassifier.load_from_checkpoint(tmp_path / "last.ckpt", **given).eval()
    torch.testing.assert_close(back(batch), model.eval()(batch), rtol=0, atol=0)


def test_a_model_made_from_yaml_keeps_its_classes_in_the_checkpoint(
    words: Path, batch: ModalPosts, tmp_path: Path
) -> None:
    (tmp_path / "model.yaml").write_text(f"""
model:
  num_classes: {CLASSES}
  encoders:
    image: {{class_path: encoders.StoredVectors, init_args: {{width: {PICTURE}}}}}
    text: {{class_path: encoders.WordPooling, init_args: {{weights: {words}, aggregation: mean}}}}
  fusion: {{class_path: lightning_modules.Pooling, init_args: {{pooling: mean}}}}
  auxiliary:
    class_path: lightning_modules.CommonSpace
    init_args: {{distance: lightning_modules.cosine_distance, main_weight: 2}}
trainer: {{accelerator: cpu, devices: 1, logger: false, max_epochs: 1, default_root_dir: {tmp_path}}}
""")
    arguments = ["--config", str(tmp_path / "model.yaml")]
    cli = LightningCLI(EmotionClassifier, run=False, save_config_callback=None, args=arguments)
    assert (cli.model.fusion.pooling, cli.model.auxiliary.main_weight) == ("mean", 2)
    cli.trainer.fit(cli.model, loader(batch, 4))
    cli.trainer.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)["hyper_parameters"]
    assert stored["encoders"]["text"]["class_path"] == "encoders.WordPooling"
    back = EmotionClassifier.load_from_checkpoint(tmp_path / "last.ckpt", weights_only=True).eval()
    torch.testing.assert_close(back(batch), cli.model.eval()(batch), rtol=0, atol=0)
    torch.testing.assert_close(torch.stack(back.loss(batch)[0]), torch.stack(cli.model.loss(batch)[0]))
