"""Mirrors datamodules/comment_aware.py."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from datamodules.batching import WithShuffled
from datamodules.comment_aware import CommentAwareData
from datamodules.posts import Posts, post_text
from encoders.batches import UNLABELLED, CommentedPosts, Tokens

TRAIN, FOUND, WIDTH = 11, 3, 4  # as in conftest.py
QUERIES = [f"b/{number}" for number in range(21)]


def picture(number: int) -> Tensor:
    return torch.arange(WIDTH) + float(number + 1)


def at_epoch(data: CommentAwareData, epoch: int) -> Iterator[CommentedPosts]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return iter(loader)


def comments_of(batch: CommentedPosts, post: int) -> list[tuple[tuple[int, ...], float]]:
    """Word pieces and multiplicity of a post's comments."""
    tokens = batch.comments
    rows = zip(batch.comment_index[post].tolist(), batch.comment_weight[post].tolist(), strict=True)
    return [(tuple(tokens.ids[at][tokens.mask[at]].tolist()), weight) for at, weight in rows if weight]


def posts_of(batch: CommentedPosts) -> set[tuple]:
    """Everything that is known of each post of a batch, whatever its neighbours."""
    return {
        (
            *(batch.image[post].tolist() + batch.text.ids[post][batch.text.mask[post]].tolist()),
            *(batch.present[post].tolist() + batch.target[post].tolist()),
            *(batch.label[post].item(), batch.row[post].item(), tuple(comments_of(batch, post))),
        )
        for post in range(len(batch.label))
        if batch.weight[post]
    }


def same(one: CommentedPosts, other: CommentedPosts) -> bool:
    flat = lambda batch: [*batch.text, *batch.comments, *(part for part in batch if isinstance(part, Tensor))]  # noqa: E731
    return all(torch.equal(left, right) for left, right in zip(flat(one), flat(other), strict=True))


def test_a_teacher_sees_each_labelled_post_once_with_all_its_comments(
    cast_data: Callable[..., CommentAwareData],
) -> None:
    batches = list(cast_data().train_dataloader())
    assert [len(batch.label) for batch in batches] == [4, 4, 3]
    rows = torch.cat([batch.row for batch in batches])
    assert sorted(rows.tolist()) == list(range(TRAIN))
    assert torch.equal(torch.cat([batch.label for batch in batches]), rows % 3)
    weight = torch.cat([batch.comment_weight for batch in batches])
    assert torch.equal(weight, (rows != 3).float()[:, None].expand(TRAIN, 5))  # N = 5 of 7; b/3 has none
    assert not torch.cat([batch.target for batch in batches]).any()


def test_a_missing_modality_is_a_blank_row_and_marked(cast_data: Callable[..., CommentAwareData]) -> None:
    for batch in cast_data().train_dataloader():
        for post, row in enumerate(batch.row.tolist()):
            assert batch.present[post].tolist() == [row != 1, row != 2]
            assert torch.equal(batch.image[post], torch.zeros(WIDTH) if row == 1 else picture(row))
            pieces = batch.text.ids[post][batch.text.mask[post]].tolist()
            said = [5 + row % 10, 5 + row // 10]
            assert pieces == ([2, 3] if row == 2 else [2, *said, 3])


def test_comments_are_listed_once_a_batch(cast_data: Callable[..., CommentAwareData]) -> None:
    for batch in cast_data().train_dataloader():
        distinct = [tuple(ids) for ids in batch.comments.ids.tolist()]
        assert len(distinct) == len(set(distinct))
        used = batch.comment_index[batch.comment_weight > 0]
        assert sorted(set(used.tolist())) == list(range(len(distinct)))
        firsts = {comments_of(batch, post)[0][0] for post, row in enumerate(batch.row.tolist()) if row != 3}
        assert firsts == {(2, 15, 7, 3)}  # "nice dog" comes first everywhere


def test_number_of_comments_is_capped_in_order_of_consensus(cast_data: Callable[..., CommentAwareData]) -> None:
    five, two = (next(iter(cast_data(num_comments=most).val_dataloader())) for most in (5, 2))
    assert two.comment_index.shape == (4, 2)
    assert [comments_of(two, post) for post in range(4)] == [comments_of(five, post)[:2] for post in range(4)]


def test_without_comments_there_is_one_blank_row(cast_data: Callable[..., CommentAwareData]) -> None:
    for batch in cast_data(use_comments=False, retrieved=None).train_dataloader():
        assert isinstance(batch.comments, Tokens)
        assert len(batch.comments.ids) == 1
        assert not batch.comment_weight.any()
        assert not batch.comment_index.any()


def test_a_students_unlabelled_posts_stand_beside_their_queries(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(student=True, comment_drop=0.0)
    pairs = data.unlabelled_pairs()
    assert pairs[:4] == [("b/0", "c/0"), ("b/0", "c/1"), ("b/0", "c/2"), ("b/1", "c/2")]
    for batch in data.train_dataloader():
        labelled = batch.row[batch.row >= 0].tolist()
        expected = [FOUND * row + rank for row in labelled for rank in range(FOUND)]
        assert len(batch.row) == len(labelled) + len(expected)
        for post, pair in enumerate(expected, start=len(labelled)):
            query, found = pairs[pair]
            assert (batch.label[post].item(), batch.row[post].item()) == (UNLABELLED, -1)
            torch.testing.assert_close(batch.target[post], torch.tensor([0.5, 0.5 - pair / 100, pair / 100]))
            number = int(found[2:])
            assert batch.present[post].tolist() == [number != 4, True]
            assert torch.equal(batch.image[post], torch.zeros(WIDTH) if number == 4 else picture(50 + number))
            assert comments_of(batch, post) == comments_of(batch, labelled.index(int(query[2:])))


def test_a_student_drops_comments_and_query_and_unlabelled_posts_each_their_own(
    cast_data: Callable[..., CommentAwareData],
) -> None:
    batches = list(cast_data(student=True).train_dataloader())
    kept = torch.cat([batch.comment_weight for batch in batches])
    kept = kept[kept.any(1)]
    assert (kept.sum(1) == 5).all()
    assert 0.4 < (kept > 0).float().mean() < 0.62
    first = batches[0]
    queries = int((first.row >= 0).sum())
    own = [first.comment_weight[at].tolist() for at in range(queries)]
    beside = [first.comment_weight[queries + FOUND * at].tolist() for at in range(queries)]
    assert own != beside


def test_the_official_code_drops_on_unlabelled_posts_only(cast_data: Callable[..., CommentAwareData]) -> None:
    for batch in cast_data(student=True, drop_on="unlabelled").train_dataloader():
        assert set(batch.comment_weight[batch.row >= 0].unique().tolist()) <= {0.0, 1.0}
        assert (batch.comment_weight[batch.row < 0] > 1).any()


def test_shuffled_unlabelled_posts_all_come_once(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(student=True, unlabelled_order="shuffled")
    assert isinstance(data.train_dataloader().sampler, WithShuffled)
    batches = list(data.train_dataloader())
    assert [len(batch.row) for batch in batches] == [4 + 12, 4 + 12, 3 + 9]
    last = torch.cat([batch.target[batch.row < 0][:, 2] for batch in batches])
    torch.testing.assert_close(last.sort().values, torch.arange(33) / 100)


def test_evaluation_is_in_order_and_drops_nothing(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(student=True, stage="test")
    batches = list(data.test_dataloader())
    assert torch.cat([batch.row for batch in batches]).tolist() == list(range(5))
    assert all((batch.comment_weight == 1).all() for batch in batches)
    assert data.ids("test") == QUERIES[16:]


@pytest.mark.parametrize("part", ["train", "validation", "test", "unlabelled"])
def test_predictions_can_be_merged_by_row(cast_data: Callable[..., CommentAwareData], part: str) -> None:
    data = cast_data(stage="predict", predict_part=part)
    batches = list(data.predict_dataloader())
    rows = torch.cat([batch.row for batch in batches]).tolist()
    assert rows == list(range(len(data.ids(part))))
    assert torch.cat([batch.weight for batch in batches]).all()
    images = torch.cat([batch.image for batch in batches])
    for row, (corpus, number) in enumerate(name.split("/") for name in data.ids(part)):
        expected = picture(int(number) + (50 if corpus == "c" else 0))
        absent = (corpus, number) in {("b", "1"), ("c", "4")}
        assert torch.equal(images[row], torch.zeros(WIDTH) if absent else expected)


@pytest.mark.parametrize("order", ["with_query", "shuffled"])
def test_two_devices_see_together_what_one_sees(
    cast_data: Callable[..., CommentAwareData], monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    alone = list(cast_data(student=True, unlabelled_order=order).train_dataloader())
    shares = []
    for rank in (0, 1):
        data = cast_data(student=True, unlabelled_order=order)
        monkeypatch.setattr(CommentAwareData, "device", (rank, 2))
        shares.append(list(data.train_dataloader()))
    for whole, left, right in zip(alone, *shares, strict=True):
        assert posts_of(left) | posts_of(right) == posts_of(whole)
        assert left.weight.sum() + right.weight.sum() == whole.weight.sum()
        fillers = right.weight == 0
        assert not right.image[fillers].any()
        assert set(right.label[fillers].tolist()) <= {UNLABELLED}
        assert not right.comment_weight[fillers].any()


def test_workers_change_nothing(cast_data: Callable[..., CommentAwareData]) -> None:
    here, there = cast_data(student=True), cast_data(student=True, num_workers=2)
    for epoch in (0, 2):
        for one, other in zip(at_epoch(here, epoch), at_epoch(there, epoch), strict=True):
            assert same(one, other)


def test_epochs_differ_in_order_and_in_drops(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(student=True)
    first, second = (set().union(*map(posts_of, at_epoch(data, epoch))) for epoch in (0, 1))
    assert first != second
    assert first == set().union(*map(posts_of, at_epoch(data, 0)))


def test_stored_text_vectors_stand_in_for_word_pieces(
    cast_data: Callable[..., CommentAwareData], cast_inputs: dict[str, Path]
) -> None:
    data = cast_data(student=True, tokenizer=None, text_features=cast_inputs["text_features"])
    batch = next(iter(data.train_dataloader()))
    assert isinstance(batch.text, Tensor)
    assert isinstance(batch.comments, Tensor)
    assert batch.text.shape == (len(batch.row), 6)
    assert batch.comments.shape[1] == 6
    labelled = batch.row[batch.row >= 0].tolist()
    said = [post_text(row) for row in Posts(cast_inputs["benchmark"]).rows([QUERIES[row] for row in labelled])]
    expected = torch.tensor([float(len(text)) for text in said])  # as stored in conftest.py; 0 without a text
    assert torch.equal(batch.text[: len(labelled)], expected[:, None].expand(-1, 6))
    blank = next(
        iter(cast_data(tokenizer=None, text_features=cast_inputs["text_features"], use_comments=False).val_dataloader())
    )
    assert torch.equal(blank.comments, torch.zeros(1, 6))


def test_classes_are_the_tasks(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(stage="")
    assert (data.num_classes, data.classes) == (3, ["bad", "good", "none"])


def test_what_a_table_of_predictions_needs(cast_data: Callable[..., CommentAwareData]) -> None:
    data = cast_data(stage="", num_comments=3)
    assert data.gold(["b/4", "b/5", "c/1"]).tolist() == [1, 2, UNLABELLED]
    assert (len(data.comments_of("b/0")), data.comments_of("b/3")) == (3, [])
    assert data.comments_of("b/0")[0] == "nice dog"
    assert cast_data(stage="", use_comments=False).comments_of("b/0") == []


def test_a_posts_text_is_its_title_its_words_and_its_pictures() -> None:
    assert post_text({"title": " A title", "text": None, "ocr_text": "in picture "}) == "A title in picture"
    assert post_text({"title": None, "text": " ", "ocr_text": None}) == ""


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"tokenizer": None}, ValueError, "exactly one of tokenizer"),
        ({"text_features": Path("x")}, ValueError, "exactly one of tokenizer"),
        ({"comment_drop": 1.0}, ValueError, r"comment_drop 1\.0"),
        ({"retrieved": None}, ValueError, "use_comments to false"),
        ({"retrieved": Path("gone")}, FileNotFoundError, r"experiments\.run EXPERIMENT --stage retrieve"),
        ({"image_features": Path("gone")}, FileNotFoundError, r"experiments\.run EXPERIMENT --stage benchmark_image"),
        ({"image_features": "corpus_image_features"}, ValueError, "pictures of other posts, such as 'c/0'"),
        ({"pseudo_labels": Path("gone")}, FileNotFoundError, "--stage student_1"),
        ({"corpus": None}, ValueError, "`corpus`"),
        ({"corpus_image_features": None}, ValueError, "`corpus_image_features`"),
        ({"task": "taste"}, ValueError, "taste"),
        ({"unlabelled_posts": FOUND + 1}, KeyError, "no pseudo label for 11 of 44 pairs"),
    ],
)
def test_errors_name_what_to_do(
    cast_data: Callable[..., CommentAwareData],
    cast_inputs: dict[str, Path],
    changes: dict,
    error: type[Exception],
    message: str,
) -> None:
    changes = {name: cast_inputs.get(str(value), value) for name, value in changes.items()}
    with pytest.raises(error, match=message):
        cast_data(student=True, **changes)


def test_a_text_without_a_vector_is_named(
    cast_data: Callable[..., CommentAwareData], cast_inputs: dict[str, Path]
) -> None:
    with pytest.raises(KeyError, match="stage `texts`"):
        cast_data(tokenizer=None, text_features=cast_inputs["image_features"])
