"""Mirrors encoders/text.py."""

import pickle
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from encoders.batches import Tokens
from encoders.text import TextEncoder
from encoders.tokens import Tokenizer, buckets


class Poison:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.fixture
def tokens(bert: Path, sentences: list[str]) -> Tokens:
    own = Tokenizer(bert)
    return own.pad(own(sentences))


@pytest.mark.parametrize("layers", [1, 2, 3, None])
def test_first_layers_are_the_full_models_hidden_states(bert: Path, tokens: Tokens, layers: int | None) -> None:
    encoder = TextEncoder(bert, layers).eval()
    full = AutoModel.from_pretrained(bert).eval()
    hidden = full(tokens.ids, tokens.mask.long(), output_hidden_states=True).hidden_states[
        3 if layers is None else layers
    ]
    torch.testing.assert_close(encoder.states(tokens)[tokens.mask], hidden[tokens.mask])


@pytest.mark.parametrize("pooling", ["max", "cls"])
def test_pooling_text_by_text(bert: Path, tokens: Tokens, pooling: str) -> None:
    encoder = TextEncoder(bert, pooling=pooling).eval()
    for row, vector in enumerate(encoder(tokens)):
        pieces = tokens.ids[row, tokens.mask[row]].unsqueeze(0)
        states = encoder.model(pieces).last_hidden_state[0]  # alone, without padding
        torch.testing.assert_close(vector, states.amax(0) if pooling == "max" else states[0], atol=1e-5, rtol=1e-4)


def test_bucketed_texts_come_out_as_padded_ones(bert: Path, sentences: list[str]) -> None:
    own, encoder = Tokenizer(bert), TextEncoder(bert).eval()
    rows = own(sentences * 3)
    padded, bucketed = encoder(own.pad(rows)), torch.zeros(len(rows), encoder.width)
    for group in buckets([len(row) for row in rows], max_rows=4):
        bucketed[group] = encoder(own.pad([rows[row] for row in group]))
    torch.testing.assert_close(bucketed, padded, atol=1e-5, rtol=1e-4)


def test_every_trainable_parameter_gets_a_gradient(bert: Path, tokens: Tokens) -> None:
    encoder = TextEncoder(bert, layers=2)
    encoder(tokens).sum().backward()
    assert [name for name, parameter in encoder.named_parameters() if parameter.grad is None] == []


def test_gradient_checkpointing_changes_no_gradient(bert: Path, tokens: Tokens) -> None:
    grads = []
    for checkpointing in (False, True):
        encoder = TextEncoder(bert, gradient_checkpointing=checkpointing)
        for module in encoder.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        encoder(tokens).square().sum().backward()
        grads.append({name: parameter.grad for name, parameter in encoder.named_parameters()})
    torch.testing.assert_close(grads[0], grads[1])


def test_a_frozen_encoder_has_neither_dropout_nor_gradients(bert: Path, tokens: Tokens) -> None:
    encoder = TextEncoder(bert, trainable=False).train()
    torch.testing.assert_close(encoder(tokens), encoder(tokens), rtol=0, atol=0)
    assert not encoder(tokens).requires_grad


def test_half_precision_checkpoints_are_read_as_float32(bert: Path, tmp_path: Path) -> None:
    AutoModel.from_pretrained(bert).half().save_pretrained(tmp_path)
    assert {parameter.dtype for parameter in TextEncoder(tmp_path).parameters()} == {torch.float32}


def test_stored_features_pass_unchanged(bert: Path) -> None:
    features, encoder = torch.randn(3, 16), TextEncoder(bert)
    assert encoder(features) is features
    with pytest.raises(ValueError, match="8 wide, the model expects 16"):
        encoder(torch.randn(3, 8))


@pytest.mark.usefixtures("no_hub")
def test_errors_name_the_way_out(bert: Path, tmp_path: Path) -> None:
    for layers in (0, 4):
        with pytest.raises(ValueError, match="has 3 layers"):
            TextEncoder(bert, layers)
    with pytest.raises(OSError, match=r"some/model.*folder as `weights`.*demo"):
        TextEncoder("some/model")
    with pytest.raises(ValueError, match=str(tmp_path)):
        TextEncoder(tmp_path)


def test_the_key_tells_layers_and_pooling_apart(bert: Path) -> None:
    encoders = [TextEncoder(bert), TextEncoder(bert, 2), TextEncoder(bert, pooling="cls")]
    assert len({str(encoder.key()) for encoder in encoders}) == 3
    assert TextEncoder(bert).key() == encoders[0].key()


def test_a_poisoned_checkpoint_is_refused(bert: Path, tmp_path: Path) -> None:
    shutil.copy(bert / "config.json", tmp_path)
    touched = tmp_path / "touched"
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Poison(touched)))
    with pytest.raises(ValueError, match=str(tmp_path)):
        TextEncoder(tmp_path)
    assert not touched.exists()
