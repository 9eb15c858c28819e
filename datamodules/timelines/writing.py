"""From prepared posts to a corpus of timelines (DU2MCE, section 4.1)."""

import hashlib
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import regex
from numpy.typing import NDArray

from datamodules.preparing.interests import BRAND
from datamodules.preparing.pool import alone
from datamodules.sentences.corpus import finished
from datamodules.timelines.arranging import Arranged, arrange
from datamodules.timelines.corpus import VERSION, Timelines
from datamodules.timelines.files import AT_ONCE, write_files
from datamodules.timelines.pictures import picture_groups
from datamodules.timelines.reading import read
from datamodules.timelines.settings import Accounts, Pictures, Shares, Texts
from datamodules.timelines.splits import OUTSIDE, PARTS
from datamodules.timelines.statistics import Columns, interested, table_1
from datamodules.timelines.texts import TextPipeline
from encoders.atomic import clear_unfinished, write_json
from encoders.progress import Progress, progress_lines

if TYPE_CHECKING:
    from datamodules.posts import Posts
    from encoders.store import FeatureStore

_USED = ("timelines/*.py", "sentences/cleaning.py", "sentences/overlap.py", "sentences/stop_words.py", "tweets.py")


def write_timelines(
    posts: "Posts",
    folder: Path | str,
    accounts: Accounts,
    texts: Texts,
    pictures: Pictures,
    shares: Shares,
    seed: int = 0,
    features: "FeatureStore | None" = None,
    progress: Callable[[str], Progress] | None = None,
) -> Timelines:
    """Write users' posts as numbers of words, pictures and users, in parts; the same input gives the same bytes.

    A finished folder of the same posts and settings is opened as it is. `corpus.json` comes last and says what was
    read, what was dropped and why, and Table 1. Texts ask for users where their posts have no picture (Section 4.1);
    all do by texts, and where every text has a picture.

    Args:
        posts: prepared ones. A post's text with its first picture is a post of the corpus, and so is each description
            of its media.
        folder: of the corpus.
        accounts: which are taken.
        texts: how they are cleaned and compared; which words are known.
        pictures: which are near-duplicates.
        shares: which posts are for training, validation and testing.
        seed: of the draw.
        features: of pictures by their path; None takes each file for a picture of its own.
        progress: gives a callback for a stage's name; None prints lines, at last what the corpus holds.

    Raises:
        FileExistsError: the folder holds a corpus of other posts or settings.
        ValueError: there is no such protocol, no account with enough posts, no word that occurs often enough, no post
            to learn from, or too few posts for those drawn.
        RuntimeError: another run is writing the same folder.
        ImportError, FileNotFoundError: the lemmatiser is not installed.
    """
    folder = Path(folder).absolute()
    if folder == posts.folder:
        raise FileExistsError(f"{folder}: holds the prepared posts; name another folder for the corpus")
    pipeline = TextPipeline(texts)
    settings = _source(posts, pipeline, features) | {"accounts": asdict(accounts), "texts": asdict(texts)}
    settings |= {"pictures": asdict(pictures), "shares": asdict(shares), "seed": seed}
    if not finished(folder, settings):
        with alone(folder / "parts"):
            clear_unfinished(folder)
            shown = progress or progress_lines
            prepared = _prepared(posts, shares.protocol)
            entries, found, dropped = read(posts, accounts, pipeline, shown(f"{folder}: posts read"))
            if not len(entries.row):
                raise ValueError(_nothing(posts, accounts, found))
            neighbours = shown(f"{folder}: pictures compared")
            index = folder / "parts" / "pictures"
            same = picture_groups(entries.paths, features, pictures.min_similarity, index, neighbours)
            arranged = arrange(entries, same, texts, shares, seed, prepared)
            write_files(folder, posts, arranged)
            info = {"settings": settings, "read": found, "dropped": dropped | arranged.dropped}
            _finish(folder, info | _told(posts, arranged, shares, features), tell=progress is None)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    return Timelines(folder)


def _source(posts: "Posts", pipeline: TextPipeline, features: "FeatureStore | None") -> dict[str, Any]:
    """What the corpus is made of, and the code that makes it."""
    code = b"".join(path.read_bytes() for name in _USED for path in sorted(Path(__file__).parents[1].glob(name)))
    versions = f"{unicodedata.unidata_version} {regex.__version__} {pipeline.lemmatise.key()}"
    return {
        "posts": posts.info["name"],
        "dataset": hashlib.sha256((posts.folder / "dataset.json").read_bytes()).hexdigest(),
        "features": hashlib.sha256((features.folder / "store.json").read_bytes()).hexdigest()
        if features is not None
        else None,
        "code": hashlib.sha256(code + versions.encode()).hexdigest(),
    }


def _prepared(posts: "Posts", protocol: str | None) -> NDArray[np.int8] | None:
    """Part of each prepared post; None without a protocol."""
    if protocol is None:
        return None
    if protocol not in posts.protocols:
        raise ValueError(f"{posts.folder}: no split {protocol!r}; there are {posts.protocols or 'none'}")
    table = pq.read_table(posts.folder / "splits" / f"{protocol}.parquet")
    ids = pa.chunked_array(
        [pa.array(batch["id"], pa.string()) for batch in posts.batches(["id"], AT_ONCE)], pa.string()
    )
    place = pc.index_in(ids, table["id"].combine_chunks()).fill_null(-1).to_numpy()
    codes = pc.index_in(table["part"], pa.array(PARTS)).fill_null(OUTSIDE).to_numpy()
    return np.append(codes, OUTSIDE).astype(np.int8)[place]


def _nothing(posts: "Posts", accounts: Accounts, found: dict[str, int]) -> str:
    if not found["posts"]:
        return f"{posts.folder}: no posts"
    return (
        f"{posts.folder}: none of {found['users']:,} users has {accounts.min_posts} posts (min_posts); take fewer, "
        "or 0 for posts without users"
    )


def _told(posts: "Posts", arranged: Arranged, shares: Shares, features: "FeatureStore | None") -> dict[str, Any]:
    """Counts and Table 1."""
    every = shares.by == "texts" or shares.validation_posts is not None  # Section 4.1 has its rule for Twitter alone
    every = every or not ((arranged.picture < 0) & (arranged.text >= 0)).any()
    columns = Columns(arranged.user, arranged.picture, arranged.text, arranged.part)
    table = table_1(columns, every, shares.pairs)
    labels = posts.user_labels()
    table["interested"] = interested(arranged.users, labels)
    table["brands"] = sum(BRAND in labels.get(user, {}) for user in arranged.users)
    counts = dict(arranged.counts)
    if features is not None:
        counts["pictures_without_features"] = int((~features.has(arranged.paths.to_pylist())).sum())
    return {"counts": counts, "statistics": table, "text_queries": "all" if every else "without_picture"}


def _finish(folder: Path, info: dict[str, Any], tell: bool) -> None:
    write_json(folder / "corpus.json", info | {"version": VERSION})
    for line in _summary(info) if tell else ():
        print(f"{folder}: {line}", flush=True)


def _summary(info: dict[str, Any]) -> Iterator[str]:
    """What a reader should know of a corpus before learning from it."""
    table = info["statistics"]
    for name in PARTS:
        found = table[name]
        pictures = f"{found['images']:,} with a picture ({found['unique_images']:,} distinct)"
        yield f"{name}: {found['posts']:,} posts, {found['captions']:,} with a text, {pictures}"
    yield f"{table['users']:,} users with posts in training"
    for kind in ("dropped", "counts"):
        said = [f"{cause.replace('_', ' ')} {count:,}" for cause, count in sorted(info[kind].items()) if count]
        yield f"{kind}: {', '.join(said) or 'none'}"
