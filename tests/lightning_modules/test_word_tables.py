"""Mirrors lightning_modules/word_tables.py."""

from types import SimpleNamespace

import lightning as L
import pytest
import torch
from torch import nn

from lightning_modules.word_tables import clamp_gradients, dense_on_several_gpus, looked_up

LISTS = ([3, 1, 3, 3], [1, 7], [])


def test_vectors_are_those_of_each_list_and_gradients_those_of_a_plain_table() -> None:
    lists = [torch.tensor(words, dtype=torch.int64) for words in LISTS]
    tables = nn.Embedding(9, 4, sparse=True), nn.Embedding(9, 4)
    tables[1].load_state_dict(tables[0].state_dict())
    weights = [torch.randn(len(words), 4) for words in lists]
    found, plain = looked_up(tables[0], *lists), [tables[1](words) for words in lists]
    for vectors in (found, plain):
        sum((each * weight).sum() for each, weight in zip(vectors, weights, strict=True)).backward()
    for one, other in zip(found, plain, strict=True):
        assert torch.equal(one, other)
    torch.testing.assert_close(tables[0].weight.grad.to_dense(), tables[1].weight.grad)


def test_a_sparse_gradient_has_each_row_once() -> None:
    table = nn.Embedding(9, 4, sparse=True)
    sum(each.sum() for each in looked_up(table, *(torch.tensor(words).long() for words in LISTS))).backward()
    gradient = table.weight.grad
    assert gradient.is_sparse
    assert gradient._indices().flatten().tolist() == [1, 3, 7]


@pytest.mark.parametrize(("world", "where", "sparse"), [(1, "cuda", True), (2, "cpu", True), (2, "cuda", False)])
def test_gradients_are_dense_only_on_several_gpus(world: int, where: str, sparse: bool) -> None:
    class Tables(L.LightningModule):
        trainer = SimpleNamespace(world_size=world)
        device = torch.device(where)

    module = Tables()
    module.one, module.two = nn.Embedding(3, 2, sparse=True), nn.Sequential(nn.Embedding(3, 2, sparse=True))
    dense_on_several_gpus(module)
    assert (module.one.sparse, module.two[0].sparse) == (sparse, sparse)


def test_sparse_gradients_are_clamped_as_dense_ones_are() -> None:
    words = torch.tensor([3, 1, 3])
    tables = nn.Embedding(9, 4, sparse=True), nn.Embedding(9, 4)
    for table in tables:
        (0.8 * table(words)).sum().backward()  # row 3: 1.6, and 0.8 twice before it is added up
        clamp_gradients(table, 1.0)
    found = tables[0].weight.grad.to_dense()
    assert torch.equal(found, tables[1].weight.grad)
    assert found[[1, 3]].unique(dim=1).flatten().tolist() == pytest.approx([0.8, 1.0])
