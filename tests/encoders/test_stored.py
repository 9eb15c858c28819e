"""Mirrors encoders/stored.py."""

import pytest
import torch

from encoders.batches import Tokens
from encoders.stored import StoredVectors


def test_stored_features_pass_unchanged() -> None:
    features, encoder = torch.randn(3, 16), StoredVectors(16)
    assert encoder.width == 16
    assert encoder(features) is features
    assert not list(encoder.parameters())


def test_features_of_another_encoder_are_refused() -> None:
    with pytest.raises(ValueError, match="8 wide, the model expects 16"):
        StoredVectors(16)(torch.randn(3, 8))


def test_word_pieces_are_refused() -> None:
    with pytest.raises(TypeError, match="not word pieces"):
        StoredVectors(16)(Tokens(torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3, dtype=torch.bool)))
