"""Nearest posts by one modality (CAST, Section 3.2 and footnote 3)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from encoders.atomic import write_json
from encoders.parts import require_space
from retrieval.faiss_module import GPU_LIMIT, gpu_copy, load_faiss
from retrieval.folders import check_key, plain, read_json, whole_folder
from retrieval.sources import VectorSource

FLAT_BELOW = 50_000  # posts; under it the exact search is quick enough
POSTS_PER_LIST = 103  # official code: 27.8 million posts in 270,000 lists
LISTS_PER_PROBE = 27  # official code: 10,000 of 270,000 lists are searched
TRAINING_POSTS_PER_LIST = 40  # k-means in Faiss asks for 39 at least
CHUNK = 8192  # rows read, converted and added at a time

WAY_OUT = "build the index again"


@dataclass(frozen=True)
class IndexSettings:
    """How an index is built; numbers left out scale with the posts in the official code's proportions.

    Args:
        distance: `cosine` (higher is nearer) or `l2_squared` on the vectors as they are (official code).
        kind: `flat` is exact, `ivfpq` the paper's; `auto` is flat below 50,000 posts.
        nlist: inverted lists (official code 270,000).
        m: sub-quantisers a vector (official code 8); divides the width.
        bits: bits a sub-quantiser (official code 8).
        nprobe: lists searched a query (official code 10,000); may be changed when the index is opened.
        train_rows: posts that train the lists and the quantisers, drawn by `seed`.
        seed: of that draw and of k-means.
    """

    distance: Literal["cosine", "l2_squared"] = "cosine"
    kind: Literal["auto", "flat", "ivfpq"] = "auto"
    nlist: int | None = None
    m: int = 8
    bits: int = 8
    nprobe: int | None = None
    train_rows: int | None = None
    seed: int = 0


class VectorIndex:
    """The posts of a corpus that have one modality; a lacking post counts as a zero vector where scored exactly.

    Args:
        folder: holds `vectors.npy` (all N rows), `present.npy`, `index.faiss` and `index.json`.
        key: what made the vectors; None opens any.
        nprobe: lists searched a query, if not as built.
        gpu: search a flat index on the first GPU where k allows it (2,048).

    Raises:
        ValueError: the folder was made by something else than `key`; the differing entries are named.
        FileNotFoundError: no finished index is there.
    """

    def __init__(
        self, folder: Path, key: Mapping[str, Any] | None = None, nprobe: int | None = None, gpu: bool = False
    ) -> None:
        faiss = load_faiss()
        self.folder = Path(folder)
        self.info = read_json(self.folder / "index.json", WAY_OUT)
        if key is not None:
            check_key(self.folder / "index.json", self.info["key"], key)
        self.kind: str = self.info["settings"]["kind"]
        self.distance: str = self.info["settings"]["distance"]
        self.vectors: NDArray = np.load(self.folder / "vectors.npy", mmap_mode="r")  # (N, D)
        self.present: NDArray[np.bool_] = np.load(self.folder / "present.npy")  # (N,)
        self.members = np.flatnonzero(self.present)  # (n,) corpus rows in the order of the index
        self.index = faiss.read_index(str(self.folder / "index.faiss"))
        if self.index.ntotal != len(self.members):
            raise ValueError(f"{self.folder}: {self.index.ntotal} indexed of {len(self.members)} posts; {WAY_OUT}")
        if self.kind == "ivfpq":
            self.index.nprobe = nprobe or self.info["nprobe"]
        self.fast = gpu_copy(self.index) if gpu and self.kind == "flat" else None

    @classmethod
    def build(
        cls, folder: Path, source: VectorSource, key: Mapping[str, Any], settings: IndexSettings | None = None
    ) -> "VectorIndex":
        """Index the rows of `source` that are there; a finished folder of the same making is opened as it is.

        Raises ValueError where the folder holds another index, a vector is not finite, `m` does not divide the
        width, or there are too few posts to train the quantisers.
        """
        folder = Path(folder)
        if (folder / "index.json").is_file():
            index = cls(folder, key)
            check_key(folder / "index.json", index.info["asked"], asdict(settings or IndexSettings()))
            return index
        settings = settings or IndexSettings()
        with whole_folder(folder) as partial:
            vectors, present = _store(partial, source, folder)
            members = np.flatnonzero(present)
            resolved = resolve(settings, len(members), vectors.shape[1])
            code = 4 * vectors.shape[1] if resolved["kind"] == "flat" else resolved["m"] * resolved["bits"] // 8 + 8
            require_space(partial, len(members) * code)
            index = _filled(vectors, members, resolved)
            load_faiss().write_index(index, str(partial / "index.faiss"))
            info = {"key": plain(key), "asked": asdict(settings), "settings": resolved, "nprobe": resolved["nprobe"]}
            counts = {"rows": len(present), "present": len(members), "width": vectors.shape[1]}
            write_json(partial / "index.json", {**info, **counts})
        return cls(folder)

    def __len__(self) -> int:
        """Return n, the number of posts that have the modality."""
        return len(self.members)

    @property
    def sign(self) -> int:
        """1 where a higher score is nearer, -1 where a lower one is."""
        return 1 if self.distance == "cosine" else -1

    def search(self, queries: NDArray, r: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return scores and corpus rows (Q, min(r, n)), nearest first; row -1 where the lists held fewer."""
        r = min(r, len(self))
        if not r or not len(queries):
            return np.zeros((len(queries), r), np.float32), np.zeros((len(queries), r), np.int64)
        index = self.fast if self.fast is not None and r <= GPU_LIMIT else self.index
        scores, positions = index.search(prepared(queries, self.distance), r)
        return scores, np.where(positions < 0, -1, self.members[positions])

    def dense(self, queries: NDArray) -> NDArray[np.float32]:
        """Return exact scores (Q, N) of a flat index: one matrix product."""
        queries = prepared(queries, self.distance)  # (Q, D)
        faiss = load_faiss()
        flat = faiss.rev_swig_ptr(self.index.get_xb(), self.index.ntotal * self.index.d)
        scores = _scores(queries, flat.reshape(-1, self.index.d), self.distance)  # (Q, n)
        if len(self) == len(self.present):
            return scores
        every = np.zeros((len(queries), len(self.present)), np.float32)  # (Q, N)
        if self.distance == "l2_squared":
            every += np.einsum("qd,qd->q", queries, queries)[:, None]  # to a zero vector
        every[:, self.members] = scores
        return every

    def exact(self, query: NDArray, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return exact scores (n,) of one query (D,) against corpus rows (n,), whatever the kind of index."""
        query = prepared(query[None], self.distance)
        parts = [
            _scores(query, prepared(self.vectors[rows[start : start + CHUNK]], self.distance), self.distance)[0]
            for start in range(0, len(rows), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def prepared(vectors: NDArray, distance: str) -> NDArray[np.float32]:
    """Return float32 vectors (n, D), of length 1 for cosine; zero vectors stay zero."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    if distance == "l2_squared":
        return vectors
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    norm[norm == 0] = 1
    return vectors / norm


def resolve(settings: IndexSettings, posts: int, width: int) -> dict[str, Any]:
    """Return the settings with every number that was left out, for so many posts that have the modality."""
    kind = settings.kind
    if kind == "auto":
        kind = "flat" if posts < FLAT_BELOW else "ivfpq"
    nlist = settings.nlist or max(1, round(posts / POSTS_PER_LIST))
    nprobe = settings.nprobe or math.ceil(nlist / LISTS_PER_PROBE)
    wanted = max(TRAINING_POSTS_PER_LIST * nlist, TRAINING_POSTS_PER_LIST * 2**settings.bits)
    train_rows = min(posts, settings.train_rows or wanted)
    if kind == "ivfpq" and width % settings.m:
        raise ValueError(f"m = {settings.m} sub-quantisers do not divide the width {width}: choose a divisor")
    if kind == "ivfpq" and train_rows < max(nlist, 2**settings.bits):
        raise ValueError(
            f"{train_rows} training posts are too few for {nlist} lists and {2**settings.bits} centroids: "
            "use kind=flat, or lower nlist and bits"
        )
    return {**asdict(settings), "kind": kind, "nlist": nlist, "nprobe": nprobe, "train_rows": train_rows}


def _scores(queries: NDArray, vectors: NDArray, distance: str) -> NDArray[np.float32]:
    product = queries @ vectors.T  # (Q, n)
    if distance == "cosine":
        return product
    lengths = np.einsum("nd,nd->n", vectors, vectors)
    own = np.einsum("qd,qd->q", queries, queries)
    return np.maximum(own[:, None] + lengths[None] - 2 * product, 0)


def _store(partial: Path, source: VectorSource, folder: Path) -> tuple[NDArray, NDArray[np.bool_]]:
    total, width = source.shape
    require_space(partial, total * width * np.dtype(source.dtype).itemsize)  # a full disk would kill a mapping
    vectors = open_memmap(partial / "vectors.npy", mode="w+", dtype=np.dtype(source.dtype), shape=(total, width))
    present = np.zeros(total, bool)
    for start in range(0, total, CHUNK):
        stop = min(start + CHUNK, total)
        values, there = source.rows(start, stop)
        values = np.where(there[:, None], values, 0).astype(vectors.dtype)
        broken = np.flatnonzero(~np.isfinite(values).all(1))
        if len(broken):
            raise ValueError(f"{folder}: the vector of corpus row {start + broken[0]} is not finite; encode it again")
        vectors[start:stop], present[start:stop] = values, there
    vectors.flush()
    np.save(partial / "present.npy", present)
    return vectors, present


def _filled(vectors: NDArray, members: NDArray[np.int64], settings: Mapping[str, Any]) -> Any:
    faiss = load_faiss()
    width = vectors.shape[1]
    cosine = settings["distance"] == "cosine"
    index = faiss.IndexFlatIP(width) if cosine else faiss.IndexFlatL2(width)
    if settings["kind"] == "ivfpq":
        metric = faiss.METRIC_INNER_PRODUCT if cosine else faiss.METRIC_L2
        index = faiss.IndexIVFPQ(index, width, settings["nlist"], settings["m"], settings["bits"], metric)
        index.cp.seed = index.pq.cp.seed = settings["seed"] + 1  # Faiss takes 0 for none
        draw = np.random.default_rng(settings["seed"])
        sample = np.sort(draw.choice(members, settings["train_rows"], replace=False))
        index.train(prepared(vectors[sample], settings["distance"]))
    for start in range(0, len(members), CHUNK):
        index.add(prepared(vectors[members[start : start + CHUNK]], settings["distance"]))
    return index
