"""Checkpoints that are whole or not there, and hold plain values and tensors only."""

from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins import TorchCheckpointIO

from encoders.atomic import replacing


class WholeCheckpoints(TorchCheckpointIO):
    """Writes under a temporary name in the same folder (Lightning: in the system's), so that no kill leaves a half."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(Path(path)) as part:
            torch.save(checkpoint, part)

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        return read_checkpoint(Path(path))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint holds, on the CPU.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is no checkpoint of plain values and tensors; it is never unpickled.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such checkpoint")
    try:
        saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        saved["state_dict"]
    except Exception as error:
        reason = str(error).split("\n", 1)[0]  # torch goes on with how to unpickle it nevertheless
        raise ValueError(f"{path}: not a checkpoint of plain values and tensors ({reason})") from error
    return saved


def load_weights(model: L.LightningModule, checkpoint: Path) -> None:
    """Put a checkpoint's weights into the model.

    Raises:
        ValueError: as `read_checkpoint`, or the checkpoint is of another model.
    """
    weights = read_checkpoint(checkpoint)["state_dict"]
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{checkpoint}: not a checkpoint of this model: {error}") from error
