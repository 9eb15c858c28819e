"""How much a prepared data set says about its pictures, before anything is cleaned (Pins, Table 1). No torch here."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from datamodules.posts import Posts
from datamodules.sentences.database import database, one
from datamodules.sentences.vocabulary import THRESHOLDS


class Described(NamedTuple):
    """What the descriptions of a data set come to."""

    images: int  # distinct pictures with a description
    sentences: int  # descriptions with a word
    words: int  # between white space, as they are written
    unique: dict[int, int]  # least count -> distinct words


def count_descriptions(posts: Posts, memory_limit: str = "2GB", threads: int = 1) -> Described:
    """Count a prepared data set's descriptions; what exceeds the memory limit goes to the system's temporary folder."""
    parts = sorted(str(path) for path in (posts.folder / "posts").glob("part-*.parquet"))
    if not parts:
        return Described(0, 0, 0, dict.fromkeys(THRESHOLDS, 0))
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "counts", memory_limit, threads) as found:
        found.read_parquet(parts).create_view("posts")
        found.execute("CREATE VIEW media AS SELECT unnest(media) AS one FROM posts")
        images = "SELECT count(DISTINCT one.path) FROM media WHERE one.kind = 'image' AND len(one.descriptions) > 0"
        found.execute("CREATE VIEW texts AS SELECT unnest(one.descriptions) AS text FROM media")
        sentences = r"SELECT count(*) FROM texts WHERE regexp_matches(text, '\S')"
        words = r"SELECT unnest(regexp_extract_all(text, '\S+')) AS word FROM texts"
        found.sql(words).aggregate("word, count(*) AS times").create("words")
        (total,) = one(found, "SELECT coalesce(sum(times), 0)::BIGINT FROM words")
        least = "SELECT count(*) FROM words WHERE times >= ?"
        unique = {count: one(found, least, count)[0] for count in THRESHOLDS}
        return Described(one(found, images)[0], one(found, sentences)[0], total, unique)
