"""Mirrors encoders/tokens.py."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.tokens import Tokenizer, buckets


def test_pieces_carry_special_tokens_and_are_cut(bert: Path, sentences: list[str]) -> None:
    own = Tokenizer(bert, max_tokens=6)
    rows = own([*sentences, ""])
    cls, sep = own.tokenizer.cls_token_id, own.tokenizer.sep_token_id
    assert all(row[0] == cls and row[-1] == sep for row in rows)
    assert max(map(len, rows)) == 6
    assert rows[-1] == [cls, sep]
    assert own([]) == []


def test_fifty_pieces_by_default(bert: Path) -> None:
    assert len(Tokenizer(bert)(["owl " * 100])[0]) == 50


def test_padding_reaches_the_longest_row_only(bert: Path) -> None:
    own = Tokenizer(bert)
    tokens = own.pad([[7, 8, 9], [5], []])
    assert tokens.ids.tolist() == [[7, 8, 9], [5, own.padding, own.padding], [own.blank, own.padding, own.padding]]
    assert tokens.mask.tolist() == [[True, True, True], [True, False, False], [True, False, False]]


def test_no_row_at_all_is_one_blank_row(bert: Path) -> None:
    tokens = Tokenizer(bert).pad([])
    assert (tokens.ids.shape, tokens.mask.tolist()) == ((1, 1), [[True]])


@pytest.mark.usefixtures("no_hub")
def test_errors_name_the_way_out(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_tokens"):
        Tokenizer(bert, max_tokens=1)
    with pytest.raises(OSError, match=r"some/model.*folder as `weights`"):
        Tokenizer("some/model")
    with pytest.raises(ValueError, match=str(tmp_path)):
        Tokenizer(tmp_path)


@given(st.lists(st.integers(0, 60), max_size=80), st.integers(1, 10), st.one_of(st.none(), st.integers(1, 200)))
@settings(deadline=None)
def test_buckets_hold_each_row_once_within_the_limits(lengths: list[int], rows: int, tokens: int | None) -> None:
    groups = buckets(lengths, rows, tokens)
    assert sorted(np.concatenate([np.zeros(0, int), *groups]).tolist()) == list(range(len(lengths)))
    for group in groups:
        assert 1 <= len(group) <= rows
        longest = max(lengths[row] for row in group)
        assert tokens is None or len(group) == 1 or longest * len(group) <= tokens
    bounds = [lengths[row] for group in groups for row in group]
    assert bounds == sorted(lengths, reverse=True)
