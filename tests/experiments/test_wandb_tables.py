"""Mirrors experiments/wandb_tables.py."""

import json
from pathlib import Path

import wandb
from lightning.pytorch.loggers import WandbLogger
from PIL import Image

from experiments.results import PredictedPost
from experiments.wandb_tables import log_evaluation


def _posts(folder: Path) -> list[PredictedPost]:
    Image.new("RGB", (900, 600), "navy").save(folder / "a.png")
    (folder / "broken.png").write_bytes(b"no picture")
    comments, weights = ["snow", "owl"], [0.25, 0.75]
    pictures = [folder / "a.png", None, folder / "broken.png"]
    return [
        PredictedPost(f"msd/{number}", "test", number % 2, 1, [0.4, 0.6], comments, weights, [], "a text", picture)
        for number, picture in enumerate(pictures)
    ]


def _table(folder: Path, part: str) -> dict:
    """The table as `wandb sync` will send it, pictures included, not the run's own copy without them."""
    staged = {path.read_bytes() for path in folder.glob("artifacts/staging/*")}
    tables = [json.loads(content) for content in staged if b'"_type":"table"' in content.replace(b" ", b"")]
    (found,) = [table for table in tables if part in table["columns"]]
    return found


def test_an_offline_run_keeps_posts_pictures_attention_and_confusion(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path))
    settings = wandb.Settings(x_disable_meta=True, save_code=False, console="off", silent=True)
    logger = WandbLogger(project="test", save_dir=tmp_path, offline=True, settings=settings)
    try:
        log_evaluation(logger, _posts(tmp_path), ["no", "yes"], limit=2)
    finally:
        logger.experiment.finish()
    table = _table(tmp_path, "picture")
    assert len(table["data"]) == 2, "capped"
    first = dict(zip(table["columns"], table["data"][0], strict=True))
    assert (first["id"], first["gold"], first["ours"], first["right"]) == ("msd/0", "no", "yes", False)
    assert first["comments"] == "1. snow\n2. owl"
    assert first["by picture"] == "0.25 0.75"
    assert max(first["picture"]["width"], first["picture"]["height"]) <= 320
    assert table["data"][1][table["columns"].index("picture")] is None
    assert _table(tmp_path, "yes")["data"] == [["no", 0, 2], ["yes", 0, 1]]
