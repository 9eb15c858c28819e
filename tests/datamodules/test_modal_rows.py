"""Mirrors datamodules/modal_rows.py."""

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import chisquare
from torch import Tensor

from datamodules.batching import FILLER
from datamodules.modal_rows import DecodedPictures, ModalRows, OtherClasses, StoredPictures, WordTexts
from datamodules.texts import TokenTexts
from encoders.batches import UNLABELLED
from encoders.store import FeatureStore, write_features

LABEL = np.array([2, 0, 1, 0, 2, 2, 1, 0, 0])
USABLE = np.array([True, True, False, True, True, True, True, False, True])


class Numbers:
    """Vectors of one number, the post's own; -1 where it is absent."""

    def __init__(self, present: Sequence[bool], factor: int = 1) -> None:
        self.present, self.factor = np.array(present, dtype=bool), factor

    def take(self, index: np.ndarray) -> Tensor:
        there = self.present[index] & (index != FILLER)
        return torch.from_numpy(np.where(there, index * self.factor, -1)).unsqueeze(1)


def rows(present: np.ndarray = USABLE, label: np.ndarray = LABEL, **options: object) -> ModalRows:
    """Posts that all have a picture, and some a text."""
    sources = {"image": Numbers(np.ones(len(label))), "text": Numbers(present, factor=10)}
    return ModalRows(sources, label, **options)


# pictures
@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    vectors = {"a": [1, 5, -3], "b": [3, -4, -9], "c": [-1, 0, -6], "d": [7, 7, 7], "lost": None}
    items = [(name, None if value is None else torch.tensor(value).float()) for name, value in vectors.items()]
    write_features(tmp_path, items, torch.stack, (3,), {"made": "by hand"})
    return FeatureStore(tmp_path)


@pytest.mark.parametrize(
    ("album", "first", "second"),
    [("max", [3, 5, -3], [3, 0, -6]), ("mean", [1, 1 / 3, -6], [1, -2, -7.5]), ("first", [1, 5, -3], [3, -4, -9])],
)
def test_an_album_is_pooled_over_the_pictures_that_are_there(
    store: FeatureStore, album: str, first: list[float], second: list[float]
) -> None:
    albums = [["a", "b", "c"], [], ["lost", "b", "unknown", "c"], ["lost"], ["d"]]
    pictures = StoredPictures(store, albums, album)
    assert pictures.present.tolist() == [True, False, True, False, True]
    taken = pictures.take(np.array([4, 2, FILLER, 1, 0, 3, 2, 0]))
    assert taken.dtype == torch.float32
    blank = [0.0] * 3
    expected = [[7.0] * 3, second, blank, blank, first, blank, second, first]
    torch.testing.assert_close(taken, torch.tensor(expected, dtype=torch.float32))
    assert not pictures.take(np.array([1, FILLER])).any()


def test_pixels_are_the_first_pictures_own(tmp_path: Path) -> None:
    colours = {"red": (255, 0, 0), "blue": (0, 0, 255)}
    for name, colour in colours.items():
        Image.new("RGB", (4, 6), colour).save(tmp_path / f"{name}.png")
    scale = lambda image: torch.from_numpy(np.asarray(image.resize((2, 2))) / 255.0).permute(2, 0, 1)  # noqa: E731
    pictures = DecodedPictures([tmp_path / "red.png", None, tmp_path / "blue.png"], scale, 2)
    assert pictures.present.tolist() == [True, False, True]
    pixels = pictures.take(np.array([2, 1, FILLER, 0]))
    assert pixels.shape == (4, 3, 2, 2)
    assert pixels[:, :, 0, 0].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_a_text_without_known_words_is_absent() -> None:
    class Initials:
        padding = 0

        def __call__(self, texts: Sequence[str]) -> list[list[int]]:
            return [[ord(word[0]) for word in text.split() if word != "unknown"] for text in texts]

    texts = WordTexts(TokenTexts(["a b", "", "unknown", "c"], Initials()))
    assert texts.present.tolist() == [True, False, False, True]
    tokens = texts.take(np.array([3, FILLER, 0, 1]))
    assert tokens.ids.tolist() == [[ord("c"), 0], [0, 0], [ord("a"), ord("b")], [0, 0]]
    assert torch.equal(tokens.mask, tokens.ids != 0)


# negatives
def test_draws_are_those_of_a_loop_over_posts() -> None:
    """The rule post by post: the usable posts of all other classes in order of class, one of them by a number."""
    drawn = OtherClasses.of(LABEL, USABLE).draw(np.random.default_rng([3, 1]), 4)
    numbers = np.random.default_rng([3, 1]).random((len(LABEL), 4))
    for post, own in enumerate(LABEL):
        others = [p for label in range(3) for p in range(len(LABEL)) if LABEL[p] == label != own and USABLE[p]]
        assert drawn[post].tolist() == [others[int(number * len(others))] for number in numbers[post]]


def test_negatives_are_never_of_the_own_class_and_drawn_evenly_from_the_others() -> None:
    others, g = OtherClasses.of(LABEL, USABLE), 3
    drawn = np.concatenate([others.draw(np.random.default_rng([0, epoch]), g) for epoch in range(2_000)], axis=1)
    for post, own in enumerate(LABEL):
        counts = np.bincount(drawn[post], minlength=len(LABEL))
        allowed = (own != LABEL) & USABLE
        assert not counts[~allowed].any()
        assert chisquare(counts[allowed]).pvalue > 1e-4


def test_a_class_without_usable_posts_draws_from_all_others() -> None:
    usable = np.where(LABEL == 1, False, USABLE)
    drawn = OtherClasses.of(LABEL, usable).draw(np.random.default_rng(0), 200)
    assert set(drawn[2].tolist()) == set(np.nonzero(usable)[0].tolist())
    assert set(LABEL[drawn[0]].tolist()) == {0}


@pytest.mark.parametrize("usable", [LABEL == 0, np.zeros(len(LABEL), dtype=bool)])
def test_negatives_need_two_classes(usable: np.ndarray) -> None:
    with pytest.raises(ValueError, match=rf"{usable.sum()} usable posts are of fewer than two"):
        OtherClasses.of(LABEL, usable)
    with pytest.raises(ValueError, match="other classes"):
        rows(usable, negatives=1)


# batches
def test_a_batch_by_hand() -> None:
    batch = rows()[[(0, 4), (0, 2), (0, FILLER), (0, 0)]]
    assert list(batch.inputs) == ["image", "text"]
    assert batch.inputs["image"].tolist() == [[4], [2], [-1], [0]]
    assert batch.inputs["text"].tolist() == [[40], [-1], [-1], [0]]
    assert batch.present.tolist() == [[True, True], [True, False], [False, False], [True, True]]
    assert batch.label.tolist() == [2, 1, UNLABELLED, 2]
    assert batch.weight.tolist() == [1, 1, 0, 1]
    assert batch.row.tolist() == [4, 2, -1, 0]
    assert batch.negatives == {}
    assert len(rows()) == len(LABEL)


def test_modalities_keep_their_order() -> None:
    sources = {"text": Numbers(USABLE), "user": Numbers(~USABLE), "image": Numbers(USABLE)}
    batch = ModalRows(sources, LABEL)[[(0, 2)]]
    assert list(batch.inputs) == ["text", "user", "image"]
    assert batch.present.tolist() == [[False, True, False]]


@pytest.mark.parametrize("of", ["text", "image"])
def test_negatives_stand_in_the_order_of_their_posts(of: str) -> None:
    made, keys = rows(negatives=3, negatives_of=of), [(1, 5), (1, FILLER), (1, 3), (1, 6), (1, 1)]
    ((name, together),) = made[keys].negatives.items()
    assert (name, together.shape) == (of, (len(keys) * 3, 1))
    numbers = together.view(len(keys), 3) // (10 if of == "text" else 1)
    for row, (epoch, post) in enumerate(keys):
        if post != FILLER:
            assert torch.equal(made[[(epoch, post)]].negatives[of][:, 0], together.view(len(keys), 3)[row])
            assert (LABEL[numbers[row]] != LABEL[post]).all()
            assert (USABLE[numbers[row]] | (of == "image")).all()


def test_negatives_are_drawn_anew_each_epoch_from_seed_and_epoch_alone() -> None:
    keys = lambda epoch: [(epoch, post) for post in range(len(LABEL))]  # noqa: E731
    one, other, dropping = rows(negatives=4), rows(negatives=4), rows(negatives=4, drop=0.5)
    epochs = [one[keys(epoch)].negatives["text"] for epoch in (0, 1, 2)]
    assert torch.equal(other[keys(2)].negatives["text"], epochs[2])  # without having seen epochs before
    assert torch.equal(one[keys(0)].negatives["text"], epochs[0])  # nor after others
    assert torch.equal(dropping[keys(0)].negatives["text"], epochs[0])
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(rows(negatives=4, seed=1)[keys(0)].negatives["text"], epochs[0])


def test_modality_drop_leaves_each_post_one_of_its_modalities() -> None:
    many, drop = 4_000, 0.5
    made = rows(np.arange(many) % 2 == 0, np.zeros(many, dtype=np.int64), drop=drop)
    present = made[[(0, post) for post in range(many)]].present
    assert present[1::2].tolist() == [[True, False]] * (many // 2)  # has no text to be taken away
    both = present[::2].float()
    assert present.any(1).all()
    kept = (1 - drop) + drop**2 / 2  # not dropped, or both are and this one stays
    assert both.mean(0).tolist() == pytest.approx([kept, kept], abs=0.04)
    assert (both.sum(1) == 2).float().mean().item() == pytest.approx((1 - drop) ** 2, abs=0.04)
    assert torch.equal(made[[(0, post) for post in range(many)]].present, present)
    assert not torch.equal(made[[(1, post) for post in range(many)]].present, present)


def test_modality_drop_is_the_same_in_any_batch() -> None:
    made = rows(np.ones(len(LABEL)), drop=0.5)
    whole = made[[(3, post) for post in range(len(LABEL))]].present
    for post in range(len(LABEL)):
        alone = made[[(3, FILLER), (3, post)]].present
        assert torch.equal(alone[1], whole[post])
        assert not alone[0].any()


def test_a_post_without_any_modality_is_dropped_nothing() -> None:
    sources = {name: Numbers([True, False, True]) for name in ("image", "text")}
    for epoch in range(10):
        present = ModalRows(sources, LABEL[:3], drop=0.9)[[(epoch, post) for post in range(3)]].present
        assert present.any(1).tolist() == [True, False, True]


def test_rows_sent_to_another_process_draw_alike() -> None:
    made, keys = rows(negatives=2, drop=0.5, seed=4), [(5, 1), (5, 6), (5, 4)]
    before = made[keys]
    sent = pickle.loads(pickle.dumps(made))[keys]
    assert torch.equal(sent.negatives["text"], before.negatives["text"])
    assert torch.equal(sent.present, before.present)
