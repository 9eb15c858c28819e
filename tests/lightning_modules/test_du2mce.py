"""Mirrors lightning_modules/du2mce.py: vectors, Eq. 1 post by post, and what learns."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, distributed, multiprocessing
from torch.nn import functional as F

from encoders.batches import PostTriples
from lightning_modules import Pair, UserContentEmbeddings
from lightning_modules.pairs import COLUMNS, identities_of
from lightning_modules.ranking_loss import loss_of_anchors

Make = Callable[..., UserContentEmbeddings]
Batch = Callable[..., PostTriples]

# two pictures, texts and users come more than once; every modality is absent somewhere; the last row only fills
POSTS = [
    *[(0, 0, 0), (1, 1, 1), (-1, 2, 2), (2, -1, 3), (0, 3, 1), (-1, 4, 4), (3, 4, 5), (4, 5, -1), (5, -1, 0)],
    *[(-1, 6, 0), (6, 7, 2), (-1, -1, 3), (-1, -1, -1)],
]
MERGED = [Pair("content", "user", 1.0)]


def without(posts: list[tuple[int, int, int]], *modalities: str) -> list[tuple[int, ...]]:
    gone = [COLUMNS[name] for name in modalities]
    return [tuple(-1 if column in gone else value for column, value in enumerate(post)) for post in posts]


def raw(made: UserContentEmbeddings, name: str, batch: PostTriples) -> Tensor:
    """Encoder and projection by the formulas: x = W phi(.), before unit length."""
    if name == "image":
        return (
            batch.pictures.new_zeros(0, 8)
            if not len(batch.pictures)
            else batch.pictures @ made.projections["image"].weight.T
        )
    if name == "text":
        return made.encoders["text"](batch.words) @ made.projections["text"].weight.T
    return made.encoders["user"].weight[batch.user[batch.user >= 0]] @ made.projections["user"].weight.T


# vectors
@pytest.mark.parametrize("name", COLUMNS)
def test_vectors_are_projected_and_of_unit_length(name: str, space: Make, triples: Batch) -> None:
    made, batch = space(), triples(*POSTS)
    found = made.vectors(name, batch)
    assert found.shape == (int((identities_of(batch)[:, COLUMNS[name]] >= 0).sum()), 8)
    torch.testing.assert_close(found, F.normalize(raw(made, name, batch)))


def test_all_users_are_those_of_the_table(space: Make, triples: Batch, starts: dict[str, Path]) -> None:
    made = space()
    found = made.user_vectors()
    torch.testing.assert_close(found, made.vectors("user", triples(*((-1, -1, user) for user in range(6)))))
    assert np.array_equal(made.encoders["user"].weight.detach().float(), np.load(starts["users"] / "vectors.npy"))


def test_content_is_the_sum_of_what_is_there(space: Make, triples: Batch) -> None:
    made, batch = space(pairs=MERGED), triples(*POSTS)
    images, texts = (iter(raw(made, name, batch)) for name in ("image", "text"))
    expected = []
    for picture, text, _ in POSTS:
        parts = [next(found) for found, identity in ((images, picture), (texts, text)) if identity >= 0]
        if parts:
            expected.append(F.normalize(sum(parts), dim=0))
    torch.testing.assert_close(made.vectors("content", batch), torch.stack(expected))


def test_projections_have_a_bias_only_where_asked(space: Make) -> None:
    assert not any(name.startswith("projections") and name.endswith("bias") for name, _ in space().named_parameters())
    assert space(bias=True).projections["user"].bias.shape == (8,)


# Eq. 1
def by_hand(made: UserContentEmbeddings, batch: PostTriples) -> list[float]:
    """Each pair's Eq. 4 anchor by anchor, over the number of anchors."""
    terms = []
    for pair in made.pairs:
        vectors = [raw(made, name, batch) for name in (pair.anchor, pair.other)]
        columns = (COLUMNS[pair.anchor], COLUMNS[pair.other])
        sums = loss_of_anchors(made.ranking, *vectors, identities_of(batch), columns)
        terms.append((sums.loss / max(1, sums.anchors)).item())
    return terms


@pytest.mark.parametrize("negatives", ["distinct", "posts"])
@pytest.mark.parametrize("absent", [(), ("image",), ("text",), ("user",), ("image", "text"), tuple(COLUMNS)], ids=str)
def test_the_loss_is_each_pairs_over_its_own_anchors(
    absent: tuple[str, ...], negatives: str, space: Make, triples: Batch
) -> None:
    made, batch = space(negatives=negatives), triples(*without(POSTS, *absent))
    found, expected = made.loss(batch), by_hand(made, batch)
    assert found.terms.tolist() == pytest.approx(expected, abs=1e-10)
    assert found.total.item() == pytest.approx(0.1 * expected[0] + 0.45 * expected[1] + 0.45 * expected[2], abs=1e-10)
    for pair, term in zip(made.pairs, expected, strict=True):
        assert (term > 0) == (not {pair.anchor, pair.other} & set(absent))


@pytest.mark.parametrize("absent", [(), ("image",), ("text",), ("user",), tuple(COLUMNS)], ids=str)
def test_what_is_absent_gets_a_gradient_of_zero(absent: tuple[str, ...], space: Make, triples: Batch) -> None:
    """Zero and not none, so that devices with and without it exchange the same."""
    made = space()
    made.loss(triples(*without(POSTS, *absent))).total.backward()
    there = set(COLUMNS) - set(absent)
    for name in COLUMNS:
        learns = name in there and len(there) > 1
        parameters = [*made.encoders[name].parameters(), *made.projections[name].parameters()]
        assert all(bool(each.grad.any()) == learns for each in parameters if each.requires_grad), name


def test_rows_that_only_fill_change_nothing(space: Make, triples: Batch) -> None:
    made = space()
    one, other = made.loss(triples(*POSTS)), made.loss(triples(*POSTS[:-1]))
    torch.testing.assert_close(one.terms, other.terms)


def test_the_merged_model_ranks_users_by_content(space: Make, triples: Batch) -> None:
    made, batch = space(pairs=MERGED), triples(*POSTS)
    found = made.loss(batch)
    found.total.backward()
    assert found.total == found.terms[0] > 0
    assert all(layer.weight.grad.any() for layer in made.projections.values())
    image = made.loss(triples(*without(POSTS, "text")))
    torch.testing.assert_close(
        image.total, space(pairs=[Pair("image", "user", 1.0)]).loss(triples(*without(POSTS, "text"))).total
    )


# what learns
def moving(made: UserContentEmbeddings) -> set[str]:
    return {name.split(".")[1] for name, value in made.named_parameters() if value.requires_grad}


def test_a_modality_of_no_learned_pair_keeps_its_weights(space: Make, triples: Batch) -> None:
    made = space(pairs=[Pair("text", "user", 1.0), Pair("image", "text", 0.0)])
    assert moving(made) == {"text", "user"}
    found = made.loss(triples(*POSTS))
    assert found.terms[0] == found.total
    assert found.terms[1] == 0


def test_bridging_moves_pictures_alone(space: Make, triples: Batch) -> None:
    """Section 4.6: text and user encoders with their projections stay; so does dropout out of the frozen encoder."""
    made = space(pairs=[Pair("image", "text", 1.0)], frozen=["text", "user"]).train()
    assert moving(made) == {"image"}
    assert not made.encoders["text"].training
    assert made.projections["image"].training
    before = {name: value.clone() for name, value in made.state_dict().items()}
    optimizer = made.configure_optimizers()["optimizer"]
    made.loss(triples(*POSTS)).total.backward()
    optimizer.step()
    moved = {name for name, value in made.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"projections.image.weight"}


# two devices
@pytest.mark.parametrize(
    "settings", [{}, {"negatives": "posts", "hardest": True, "both_directions": True}, {"pairs": MERGED}]
)
def test_two_devices_get_the_loss_and_gradients_of_one(
    settings: dict, space: Make, triples: Batch, tmp_path: Path
) -> None:
    """Of posts in turns, with unequal numbers of pictures and texts; copies of a text differ in a word."""
    shares = [triples(*POSTS[rank::2]) for rank in range(2)]

    def device(rank: int) -> None:
        torch.set_num_threads(1)
        distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=rank, world_size=2)
        made = space(**settings)
        loss = made.loss(differing(shares[rank], rank, 2))
        loss.total.backward()
        grads = {name: value.grad for name, value in made.named_parameters() if value.requires_grad}
        torch.save({"grads": grads, "terms": loss.terms.detach()}, tmp_path / f"{rank}.pt")
        distributed.destroy_process_group()

    multiprocessing.start_processes(device, nprocs=2, start_method="fork")
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    made = space(**settings)
    loss = made.loss(differing(triples(*POSTS), 0, 1))
    loss.total.backward()
    torch.testing.assert_close((first["terms"] + second["terms"]) / 2, loss.terms.detach())
    assert (first["terms"] != second["terms"]).any()
    for name, value in made.named_parameters():
        if value.requires_grad:  # as DDP averages them
            torch.testing.assert_close((first["grads"][name] + second["grads"][name]) / 2, value.grad, msg=name)


def differing(batch: PostTriples, rank: int, world: int) -> PostTriples:
    """Change a text's last word by the post's place in the joint batch."""
    words = batch.words.clone()
    place = (batch.text >= 0).nonzero().squeeze(1) * world + rank
    words[:, -1] = place % 10 + 1
    return batch._replace(words=words)


# bad input
def test_pictures_of_another_width_and_folders_without_users_are_refused(
    space: Make, triples: Batch, starts: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"features are 7 wide, the model takes 9; set model.picture_size to 7"):
        space(picture_size=9).loss(triples(*POSTS))
    with pytest.raises(FileNotFoundError, match=r"no starting vectors of users"):
        UserContentEmbeddings(starts["words"], tmp_path)
    np.save(tmp_path / "vectors.npy", np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match=r"not one finite vector a user"):
        UserContentEmbeddings(starts["words"], tmp_path)


@pytest.mark.parametrize("margin", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_margin_that_teaches_nothing_is_refused(space: Make, margin: float) -> None:
    with pytest.raises(ValueError, match=rf"margin {margin:g}: a number above 0"):
        space(margin=margin)


def test_a_rate_that_never_falls_or_at_once_is_refused(space: Make) -> None:
    with pytest.raises(ValueError, match=r"decay_every 0: at least 1 epoch"):
        space(decay_every=0)
