"""Mirrors datamodules/emotion.py."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import Tensor

from datamodules.emotion import EmotionData
from encoders.batches import UNLABELLED, ModalPosts, Tokens
from encoders.vocabulary import Vocabulary

LEARNED = [0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12]  # as in conftest.py: e/3 has no label, of e/5 there is nothing
BLANK_PICTURE, BLANK_TEXT = {1, 5, 7, 17}, {2, 5, 17}
WIDTH = 4


def picture(number: int) -> Tensor:
    own = torch.arange(WIDTH) + float(number + 1)
    return torch.maximum(own, torch.arange(WIDTH).flip(0) + 10.0) if number == 4 else own  # e/4's album, pooled


def at_epoch(data: EmotionData, epoch: int) -> Iterator[ModalPosts]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return iter(loader)


def said(tokens: Tokens, row: int) -> tuple[int, ...]:
    return tuple(tokens.ids[row][tokens.mask[row]].tolist())


def posts_of(batch: ModalPosts) -> set[tuple]:
    """Everything that is known of each post of a batch, whatever its neighbours."""
    found, drawn = set(), batch.negatives.get("text")
    g = len(drawn.ids) // len(batch.row) if drawn is not None else 0
    for post in range(len(batch.row)):
        if batch.weight[post]:
            own = *batch.inputs["image"][post].tolist(), *batch.present[post].tolist()
            negatives = [said(drawn, post * g + number) for number in range(g)]
            known = batch.label[post].item(), batch.row[post].item(), said(batch.inputs["text"], post)
            found.add((*own, *known, *negatives))
    return found


def flat(batch: ModalPosts) -> list[Tensor]:
    parts = [*batch.inputs.values(), *batch.negatives.values(), batch.present, batch.label, batch.weight, batch.row]
    return [tensor for part in parts for tensor in (part if isinstance(part, Tokens) else [part])]


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_posts_have_the_modalities_there_are(
    emotion_data: Callable[..., EmotionData], emotion_inputs: dict[str, Path], part: str
) -> None:
    data, vocabulary = emotion_data(stage=""), Vocabulary(emotion_inputs["words"])
    names = data.ids(part)
    texts = vocabulary(data.posts.texts(names))
    rows = []
    for batch in data.in_order(part):
        assert list(batch.inputs) == ["image", "text"]
        for post, row in enumerate(batch.row.tolist()):
            number = int(names[row][2:])
            assert batch.present[post].tolist() == [number not in BLANK_PICTURE, number not in BLANK_TEXT]
            expected = torch.zeros(WIDTH) if number in BLANK_PICTURE else picture(number)
            assert torch.equal(batch.inputs["image"][post], expected)
            assert said(batch.inputs["text"], post) == tuple(texts[row])
            assert batch.label[post] == number % 3
            rows.append(number)
    assert rows == {"train": LEARNED, "validation": [13, 14, 15, 16], "test": [17, 18, 19, 20]}[part]


def test_an_epoch_sees_each_post_with_a_label_once(emotion_data: Callable[..., EmotionData]) -> None:
    data = emotion_data()
    orders = [torch.cat([batch.row for batch in at_epoch(data, epoch)]).tolist() for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(len(LEARNED)))
    assert orders[0] != orders[1]
    assert [len(batch.row) for batch in at_epoch(data, 0)] == [4, 4, 3]
    assert not any(batch.negatives for batch in at_epoch(data, 0))


@pytest.mark.parametrize(
    ("modalities", "left_out", "having"),
    [(("image", "text"), 1, "image or text"), (("image",), 3, "image"), (("text",), 2, "text")],
)
def test_posts_that_have_nothing_to_learn_from_are_left_out_and_counted(
    emotion_data: Callable[..., EmotionData],
    capsys: pytest.CaptureFixture,
    modalities: tuple[str, ...],
    left_out: int,
    having: str,
) -> None:
    data = emotion_data(modalities=modalities)
    assert len(data.ids("train")) == 12 - left_out
    assert capsys.readouterr().out == f"{left_out} of 12 training posts have no {having}: left out\n"
    assert all(batch.present.any(1).all() for batch in data.train_dataloader())
    assert len(data.ids("test")) == 4  # scored all the same


@pytest.mark.parametrize(
    ("modality", "unused"),
    [("image", {"words": None}), ("text", {"image_features": None})],
)
def test_one_modality_needs_only_its_own_inputs(
    emotion_data: Callable[..., EmotionData], modality: str, unused: dict
) -> None:
    both = next(iter(emotion_data().val_dataloader()))
    alone = next(iter(emotion_data(modalities=(modality,), **unused).val_dataloader()))
    assert list(alone.inputs) == [modality]
    assert torch.equal(alone.present[:, 0], both.present[:, ["image", "text"].index(modality)])


def test_modalities_come_in_the_order_that_is_asked_for(emotion_data: Callable[..., EmotionData]) -> None:
    turned, data = emotion_data(modalities=("text", "image")), emotion_data()
    for one, other in zip(turned.val_dataloader(), data.val_dataloader(), strict=True):
        assert list(one.inputs) == ["text", "image"]
        assert torch.equal(one.present, other.present.flip(1))


def test_negatives_are_texts_of_other_classes_of_the_training_set(emotion_data: Callable[..., EmotionData]) -> None:
    data = emotion_data(negatives=3)
    classes: dict[tuple[int, ...], set[int]] = {}
    for batch in data.train_dataloader():
        for post, label in enumerate(batch.label.tolist()):
            classes.setdefault(said(batch.inputs["text"], post), set()).add(label)
    drawn = set()
    for batch in data.train_dataloader():
        assert len(batch.negatives["text"].ids) == 3 * len(batch.row)
        for post, label in enumerate(batch.label.tolist()):
            for number in range(3):
                words = said(batch.negatives["text"], 3 * post + number)
                assert classes[words] != {label}
                drawn.add(words)
    assert len(drawn) > 4
    assert not any(batch.negatives for batch in data.in_order("train"))


def test_two_devices_see_together_what_one_sees(
    emotion_data: Callable[..., EmotionData], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"negatives": 2, "modality_drop": 0.5}
    alone, shares = list(emotion_data(**options).train_dataloader()), []
    for rank in (0, 1):
        monkeypatch.setattr(EmotionData, "device", (rank, 2))
        shares.append(list(emotion_data(**options).train_dataloader()))
    for whole, left, right in zip(alone, *shares, strict=True):
        assert posts_of(left) | posts_of(right) == posts_of(whole)
        assert len(posts_of(whole)) == left.weight.sum() + right.weight.sum()
        fillers = right.weight == 0
        assert not right.inputs["image"][fillers].any()
        assert not right.present[fillers].any()
        assert set(right.label[fillers].tolist()) <= {UNLABELLED}


def test_workers_change_nothing(emotion_data: Callable[..., EmotionData]) -> None:
    options = {"negatives": 2, "modality_drop": 0.5}
    here, there = emotion_data(**options), emotion_data(**options, num_workers=2)
    for epoch in (0, 2):
        for one, other in zip(at_epoch(here, epoch), at_epoch(there, epoch), strict=True):
            assert all(torch.equal(left, right) for left, right in zip(flat(one), flat(other), strict=True))


def test_pixels_come_as_the_network_was_trained_with(
    emotion_data: Callable[..., EmotionData], emotion_inputs: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "benchmark"
    shutil.copytree(emotion_inputs["benchmark"], folder)
    info = (folder / "dataset.json").read_text()
    (folder / "dataset.json").write_text(info.replace(str(emotion_inputs["benchmark"]), str(folder)))
    (folder / "media").mkdir()
    for number in range(13, 17):
        Image.new("RGB", (40, 30), (255, 255, number)).save(folder / "media" / f"{number}.png")
    pixels = {"pixels_of": "test_resnet", "side": 32, "image_features": None}
    (batch,) = emotion_data(stage="validate", benchmark=folder, **pixels).val_dataloader()
    assert batch.inputs["image"].shape == (4, 3, 32, 32)
    assert batch.present[:, 0].all()
    assert batch.inputs["image"].flatten(2).std(2).max() < 1e-4  # of one colour each
    assert batch.inputs["image"][:, 2, 0, 0].diff().min() > 0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"modalities": ()}, ValueError, r"modalities \[\]: give some of image, text"),
        ({"modalities": ("text", "sound")}, ValueError, "give some of image, text"),
        ({"modalities": ("image",), "negatives": 3}, ValueError, r"negatives_of 'text' .* \['image'\]"),
        ({"modality_drop": 1.0}, ValueError, r"modality_drop 1\.0 is no share in \[0, 1\)"),
        ({"image_features": None}, ValueError, "image_features, or pixels_of, or leave image out"),
        ({"words": None}, ValueError, "words, or leave text out"),
        ({"image_features": Path("gone")}, FileNotFoundError, "gone: .*--stage benchmark_pictures"),
        ({"words": Path("gone")}, FileNotFoundError, "gone: .*--stage words"),
        ({"task": "taste"}, ValueError, "taste"),
        ({"protocol": "mine"}, ValueError, r"no split 'mine'"),
    ],
)
def test_errors_name_what_to_do(
    emotion_data: Callable[..., EmotionData], changes: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        emotion_data(**changes)


def test_a_class_without_training_posts_is_named(
    emotion_data: Callable[..., EmotionData], emotion_inputs: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "benchmark"
    shutil.copytree(emotion_inputs["benchmark"], folder)
    parts = {"id": ["e/0", "e/6", "e/5", "e/14"], "part": ["train", "train", "train", "test"]}  # e/5 has nothing
    pq.write_table(pa.table(parts), folder / "splits" / "joyful.parquet")
    message = r"no training post of split 'joyful' is of class fear, anger; use another split \(--data\.protocol\)"
    with pytest.raises(ValueError, match=message):
        emotion_data(benchmark=folder, protocol="joyful")
    emotion_data(benchmark=folder, protocol="joyful", stage="test")
