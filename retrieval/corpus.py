"""The posts that are retrieved, in one folder: ids, comments, sentence vectors and the two indices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from encoders.atomic import write_json
from encoders.parts import require_space
from retrieval.folders import check_key, plain, read_json, whole_folder
from retrieval.index import CHUNK, IndexSettings, VectorIndex
from retrieval.sources import VectorSource

POSTS_PER_PART = 100_000  # posts turned into Arrow at a time
POSTS_SCHEMA = pa.schema([("id", pa.string()), ("comments", pa.list_(pa.int64()))])
WAY_OUT = "build the corpus again"


def distinct_comments(comments: Iterable[Iterable[str]]) -> list[str]:
    """Return each different comment once, in order of first sight: the texts to encode for `Corpus.build`."""
    return list(dict.fromkeys(text for post in comments for text in post))


class Corpus:
    """N posts with their comments, searchable by picture and by text.

    Args:
        folder: written by `Corpus.build`.
        key: what made the features; None opens any.
        gpu: search flat indices on the first GPU where k allows it.

    Raises:
        ValueError: the folder was made by something else than `key`; the differing entries are named.
        FileNotFoundError: no finished corpus is there.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any] | None = None, gpu: bool = False) -> None:
        self.folder = Path(folder)
        self.info = read_json(self.folder / "corpus.json", WAY_OUT)
        if key is not None:
            check_key(self.folder / "corpus.json", self.info["key"], key)
        posts = pq.read_table(self.folder / "posts.parquet", schema=POSTS_SCHEMA).combine_chunks()
        self._ids = posts.column("id")
        comments = pa.concat_arrays(posts.column("comments").chunks or [pa.array([], POSTS_SCHEMA.field(1).type)])
        self._offsets = comments.offsets.to_numpy()  # (N + 1,)
        self._comments = comments.values.to_numpy()  # rows of the comment texts and vectors
        self._texts = pq.read_table(self.folder / "comments.parquet").column("text")
        self.comment_vectors: NDArray = np.load(self.folder / "comment_vectors.npy", mmap_mode="r")  # (C, D)
        self.comment_present: NDArray[np.bool_] = np.load(self.folder / "comment_present.npy")  # (C,)
        self.image = VectorIndex(self.folder / "image", self.info["key"], gpu=gpu)
        self.text = VectorIndex(self.folder / "text", self.info["key"], gpu=gpu)

    @classmethod
    def build(
        cls,
        folder: Path,
        key: Mapping[str, Any],
        ids: Sequence[str],
        *,
        image: VectorSource,
        text: VectorSource,
        comments: Sequence[Sequence[str]],
        comment_texts: Sequence[str],
        comment_vectors: VectorSource,
        settings: IndexSettings | None = None,
    ) -> "Corpus":
        """Write a corpus; a finished folder of the same key and settings is opened as it is.

        Args:
            folder: to be made.
            key: JSON values that say what the features come from (encoders, data set).
            ids: N distinct post ids.
            image: N picture vectors.
            text: N text vectors.
            comments: the comments of each post.
            comment_texts: C distinct comments, as `distinct_comments` gives them.
            comment_vectors: C sentence vectors; comments without one are never ranked.
            settings: of both indices.

        Raises:
            ValueError: lengths differ, an id comes twice, a comment is not among `comment_texts`, or the folder holds
                another corpus.
        """
        folder, settings = Path(folder), settings or IndexSettings()
        if (folder / "corpus.json").is_file():
            corpus = cls(folder, key)
            check_key(folder / "corpus.json", corpus.info["index"], plain(asdict(settings)))
            return corpus
        _check_rows(ids, {"image": image.shape[0], "text": text.shape[0], "comments": len(comments)})
        if len(comment_texts) != comment_vectors.shape[0]:
            raise ValueError(f"{len(comment_texts)} distinct comments, {comment_vectors.shape[0]} sentence vectors")
        with whole_folder(folder) as partial:
            _write_posts(partial, ids, comments, comment_texts)
            pq.write_table(pa.table({"text": pa.array(comment_texts, pa.string())}), partial / "comments.parquet")
            _write_vectors(partial, comment_vectors)
            VectorIndex.build(partial / "image", image, key, settings)
            VectorIndex.build(partial / "text", text, key, settings)
            counts = {"posts": len(ids), "comments": sum(map(len, comments)), "distinct_comments": len(comment_texts)}
            write_json(partial / "corpus.json", {"key": plain(key), "index": asdict(settings), **counts})
        return cls(folder)

    def __len__(self) -> int:
        """Return N."""
        return len(self._ids)

    def ids(self, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """Return the post ids at corpus rows."""
        return self._ids.take(pa.array(rows, pa.int64())).to_pylist()

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the corpus rows of post ids (n,); -1 for unknown ones."""
        found = pc.index_in(pa.array(ids, pa.string()), value_set=self._ids)
        return found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)

    def comment_rows(self, post: int) -> NDArray[np.int64]:
        """Return the rows of a post's comments that have a vector, in their order."""
        rows = self._comments[self._offsets[post] : self._offsets[post + 1]]
        return rows[self.comment_present[rows]]

    def comment_texts(self, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """Return the comments at rows of the comment texts."""
        return self._texts.take(pa.array(rows, pa.int64())).to_pylist()


def _check_rows(ids: Sequence[str], counts: Mapping[str, int]) -> None:
    if not ids or set(counts.values()) != {len(ids)}:
        raise ValueError(f"a corpus needs posts, and one row a post: {len(ids)} ids, {dict(counts)}")
    if len(set(ids)) < len(ids):
        raise ValueError(f"{len(ids) - len(set(ids))} post ids come twice: drop the doubles")


def _write_posts(
    folder: Path, ids: Sequence[str], comments: Sequence[Sequence[str]], comment_texts: Sequence[str]
) -> None:
    place = {text: row for row, text in enumerate(comment_texts)}
    with pq.ParquetWriter(folder / "posts.parquet", POSTS_SCHEMA) as writer:
        for start in range(0, len(ids), POSTS_PER_PART):
            part = slice(start, start + POSTS_PER_PART)
            rows = []
            for post, texts in zip(ids[part], comments[part], strict=True):
                if not place.keys() >= set(texts):
                    raise ValueError(f"post {post!r} has a comment that is not among the distinct comments: add it")
                rows.append([place[text] for text in texts])
            writer.write_table(pa.table([list(ids[part]), rows], schema=POSTS_SCHEMA))


def _write_vectors(folder: Path, source: VectorSource) -> None:
    total, width = source.shape
    if not total:  # an empty file can't be mapped
        source_dtype = np.dtype(source.dtype)
        np.save(folder / "comment_vectors.npy", np.zeros((1, width), source_dtype))
        np.save(folder / "comment_present.npy", np.zeros(1, bool))
        return
    require_space(folder, total * width * np.dtype(source.dtype).itemsize)
    vectors = open_memmap(folder / "comment_vectors.npy", mode="w+", dtype=np.dtype(source.dtype), shape=(total, width))
    present = np.zeros(total, bool)
    for start in range(0, total, CHUNK):
        stop = min(start + CHUNK, total)
        values, present[start:stop] = source.rows(start, stop)
        vectors[start:stop] = np.where(present[start:stop, None], values, 0)
    vectors.flush()
    np.save(folder / "comment_present.npy", present)
