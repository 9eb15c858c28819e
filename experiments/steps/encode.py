"""Stages that run frozen encoders once over posts and keep what comes out."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from datamodules.posts import Posts, post_text
from datamodules.retrieved import Retrieved
from datamodules.sentences import Corpus
from datamodules.texts import text_id
from encoders.atomic import write_array, write_json
from encoders.batches import Tokens
from encoders.bits import MOST, count_ones, medians, write_bits
from encoders.features import encode_pictures, encode_sentences
from encoders.image import ImageEncoder
from encoders.pretraining import pretrain_encoders
from encoders.progress import progress_lines
from encoders.sentences import SentenceEncoder
from encoders.store import FeatureStore, write_features
from encoders.text import TextEncoder
from encoders.tokens import Tokenizer, buckets
from experiments.stage import Job
from experiments.steps.reading import comments_of, rows_of
from experiments.wiring import filled
from retrieval.corpus import distinct_comments

BATCH = 64
PART = 1024  # texts sorted into buckets and stored together


def pretrain(job: Job) -> None:
    """Train small encoders without labels on posts and their comments, under `text/` and `image/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    learned = set(posts.split(settings["split"])["train"]) if settings["split"] else set(posts.ids)
    rows = [row for row in rows_of(posts) if row["id"] in learned]
    comments = [comments_of(row) for row in rows]
    pictures = [posts.picture(row) for row in rows]
    try:
        pretrain_encoders(job.folder, [row["text"] or "" for row in rows], comments, pictures, settings["seed"])
    except ValueError as error:
        raise ValueError(f"{error}; or give weights, and --protocol.pretrain=false") from error


def image(job: Job) -> None:
    """Vectors or grids of the posts' first pictures, under `features/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    _encode(job, [(row["id"], posts.picture(row)) for row in rows_of(posts)], settings["encoder"])


def pictures(job: Job) -> None:
    """Vectors of all the posts' pictures by their path, each once, under `features/`."""
    settings = filled(job.settings, job.folders)
    _encode(job, _by_path(Posts(settings["posts"])), settings["encoder"])


def picture_bits(job: Job) -> None:
    """Which values of the posts' pictures are above zero, by their path, under `bits/`; see `feature_bits`.

    For networks whose vector comes out of a ReLU (Pins, section 4: VGG16). The floats are never stored.
    """
    settings = filled(job.settings, job.folders)
    _encode(job, _by_path(Posts(settings["posts"])), settings["encoder"], bits=True)
    _tell_bits(job.folder, {"threshold": "zero"})


def feature_bits(job: Job) -> None:
    """Which stored values are above a threshold, under `bits/`, with `thresholds.npy` and `bits.json`.

    Threshold `median` is that of each dimension over the pictures of a corpus' training sentences.
    """
    settings = filled(job.settings, job.folders)
    store, threshold = FeatureStore(settings["features"]), settings["threshold"]
    if threshold not in ("zero", "median"):
        raise ValueError(f"threshold is 'zero' or 'median', not {threshold!r}")
    facts = {"threshold": threshold}
    if threshold == "zero":
        thresholds = np.zeros(store.shape[-1], np.float32)
    else:
        rows = _learned(store, Path(settings["corpus"]))
        thresholds = medians(store, rows)
        facts |= {"training_pictures": len(rows), "medians_over": min(len(rows), MOST)}
    write_array(job.folder / "thresholds.npy", thresholds)
    write_bits(job.folder / "bits", store, thresholds, threshold, progress_lines(f"{job.folder.name}: pictures"))
    _tell_bits(job.folder, facts)


def _learned(store: FeatureStore, folder: Path) -> NDArray[np.int64]:
    """Rows of the pictures that training sentences of a corpus have, each once; those without features are left out."""
    corpus = Corpus(folder)
    numbers = np.unique(corpus.part("train").picture)
    rows = store.rows([corpus.pictures[number] for number in numbers[numbers >= 0]])
    if not (rows >= 0).any():
        raise ValueError(
            f"{store.folder}: has none of the {len(rows):,} pictures of {folder}'s training sentences, so there is "
            "nothing to take medians of: encode the pictures of the same posts"
        )
    return rows[rows >= 0]


def _tell_bits(folder: Path, facts: dict[str, Any]) -> None:
    facts = facts | count_ones(FeatureStore(folder / "bits")).facts()
    write_json(folder / "bits.json", facts)
    if facts["pictures"]:
        constant = facts["always_one"] + facts["always_zero"]
        print(
            f"{facts['pictures']:,} pictures of {facts['width']:,} bits, {facts['share_of_ones']:.1%} of them ones; "
            f"{constant:,} dimensions are the same in all pictures"
        )


def _by_path(posts: Posts) -> list[tuple[str, Path | None]]:
    names = sorted({name for row in rows_of(posts) for name in posts.pictures(row)})
    return [(name, posts.media(name)) for name in names]


def _encode(job: Job, items: list[tuple[str, Path | None]], settings: dict[str, Any], bits: bool = False) -> None:
    gone = [path for _, path in items if path is not None and not path.is_file()]
    if gone:  # else the posts would go on without them, and nobody would see
        raise FileNotFoundError(f"{gone[0]} and {len(gone) - 1:,} more: put them back, or prepare the posts again")
    folder, encoder = job.folder / ("bits" if bits else "features"), ImageEncoder(**settings)
    encode_pictures(folder, items, encoder, BATCH, job.free["num_workers"], job.device, bits=bits)
    unread = (folder / "problems.jsonl").read_text().splitlines()
    if unread:
        print(f"{len(unread):,} pictures can't be read and count as missing, such as {unread[0]}")


def sentences(job: Job) -> None:
    """Sentence vectors of the posts' texts under `features/`, of their distinct comments under `comments/`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    encoder = SentenceEncoder(**settings["encoder"], device=job.device)
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
    items = [(text_id(text), text) for text in sorted(texts_read(settings))]
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


def texts_read(settings: dict[str, Any]) -> set[str]:
    """What the classifier's data will ask for: texts of both sets, retrieved comments."""
    benchmark, retrieved = Posts(settings["benchmark"]), Retrieved(settings["retrieve"])
    found = {post_text(row) for posts in (benchmark, Posts(settings["corpus"])) for row in rows_of(posts)}
    for post in benchmark.ids:
        found |= set(retrieved.comments(post, settings["num_comments"]))
    return found - {""}
