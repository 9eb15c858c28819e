"""Stages that run frozen encoders once over posts and keep what comes out."""

from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch

from datamodules.comment_rows import post_text, text_id
from datamodules.posts import Posts
from datamodules.retrieved import Retrieved
from encoders.batches import Tokens
from encoders.features import encode_pictures, encode_sentences, progress_lines
from encoders.image import ImageEncoder
from encoders.parts import bytes_needed
from encoders.pretraining import pretrain_encoders
from encoders.sentences import SentenceEncoder
from encoders.store import write_features
from encoders.text import TextEncoder, stored_width
from encoders.tokens import Tokenizer, buckets
from experiments.stage import Job, job_of
from experiments.steps.reading import comments_of, rows_of
from experiments.wiring import filled
from retrieval.corpus import distinct_comments

BATCH = 64
PART = 1024  # texts sorted into buckets and stored together


def pretrain(job: Job) -> None:
    """Train small encoders without labels on the network's posts and comments, under `text/` and `image/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    rows = list(rows_of(posts))
    comments = [comments_of(row) for row in rows]
    pictures = [posts.picture(row) for row in rows]
    pretrain_encoders(job.folder, [row["text"] or "" for row in rows], comments, pictures, settings["seed"])


def image(job: Job) -> None:
    """Vectors or grids of the posts' first pictures, under `features/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    items = [(row["id"], posts.picture(row)) for row in rows_of(posts)]
    encoder = ImageEncoder(**settings["encoder"])
    encode_pictures(job.folder / "features", items, encoder, BATCH, job.free["num_workers"], job.device)


def sentences(job: Job) -> None:
    """Sentence vectors of the posts' texts under `features/`, of their distinct comments under `comments/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    encoder = SentenceEncoder(**settings["encoder"])
    texts = [(row["id"], post_text(row) or None) for row in rows_of(posts)]
    encode_sentences(job.folder / "features", texts, encoder)
    comments = distinct_comments(comments_of(row) for row in rows_of(posts))
    encode_sentences(job.folder / "comments", [(text_id(text), text) for text in comments], encoder)


def texts(job: Job) -> None:
    """Vectors of the texts and retrieved comments by the classifier's frozen text encoder, under `features/`."""
    settings = filled(job.settings, job.folders)
    own, device = settings["text_encoder"], job.device
    encoder = TextEncoder(own["weights"], own["layers"], own["pooling"], trainable=False).to(device).eval()
    tokenizer = Tokenizer(own["weights"], settings["max_tokens"])
    items = [(text_id(text), text) for text in sorted(_texts_read(settings))]
    key = {**encoder.key(), "max_tokens": settings["max_tokens"]}

    @torch.inference_mode()
    def encode(part: list[str]) -> torch.Tensor:
        pieces = tokenizer(part)
        groups = buckets([len(row) for row in pieces], BATCH)  # of like length: little padding
        padded = (tokenizer.pad([pieces[row] for row in group]) for group in groups)
        vectors = torch.cat([encoder(Tokens(*(each.to(device) for each in tokens))) for tokens in padded])
        return vectors[torch.from_numpy(np.concatenate(groups).argsort()).to(device)]

    folder, shown = job.folder / "features", progress_lines(f"{job.folder.name}: texts")
    write_features(folder, items, encode, (encoder.width,), key, batch_size=PART, progress=shown)


def bytes_to_store(plan: dict[str, Any]) -> int | None:
    """At most so many bytes an encoding stage's features take, for `--dry_run`.

    Args:
        plan: `Stage.description`.

    Returns:
        None where posts, retrieved comments or weights are not there yet.
    """
    counted = {"image": _image_bytes, "sentences": _sentence_bytes, "texts": _text_bytes}
    kind = plan["function"].partition(":")[2]
    try:
        return counted[kind](filled(plan["settings"], job_of(Path(), plan).folders)) if kind in counted else None
    except OSError:  # of whatever is not there
        return None


def _image_bytes(settings: dict[str, Any]) -> int:
    encoder = settings["encoder"]
    network: Any = timm.create_model(encoder["name"], pretrained=False, num_classes=0)
    regions = encoder["grid"] ** 2 if encoder["output"] == "grid" else 1
    return bytes_needed(len(Posts(settings["posts"])), (regions, network.num_features))


def _sentence_bytes(settings: dict[str, Any]) -> int:
    posts = Posts(settings["posts"])
    return bytes_needed(len(posts) + posts.entries("comments"), (stored_width(settings["encoder"]["weights"]),))


def _text_bytes(settings: dict[str, Any]) -> int:
    return bytes_needed(len(_texts_read(settings)), (stored_width(settings["text_encoder"]["weights"]),))


def _texts_read(settings: dict[str, Any]) -> set[str]:
    """What the classifier's data will ask for: texts of both sets, retrieved comments."""
    benchmark, retrieved = Posts(settings["benchmark"]), Retrieved(settings["retrieve"])
    found = {post_text(row) for posts in (benchmark, Posts(settings["corpus"])) for row in rows_of(posts)}
    for post in benchmark.ids:
        found |= set(retrieved.comments(post, settings["num_comments"]))
    return found - {""}
