"""Raw layouts of the two emotion sets: Reddit's listings with albums, and You et al.'s votes on Flickr's photos."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from datamodules.simulated.emotion_posts import Photo, Submission
from datamodules.simulated.emotions import FLICKR, Feeling

SUBREDDITS = {"joy": "happy", "fear": "creepy", "anger": "rage", "disgust": "gore"}  # Emotion, section 5.2
QUALITY = 85  # of JPEG files


def write_reddit(folder: Path, posts: Iterable[Submission]) -> list[Feeling]:
    """Write <subreddit>.csv, most up-votes first, and images/<id>.jpg, or images/<id>/1.jpg and on; return causes."""
    images = folder / "images"
    images.mkdir(parents=True)
    listings: dict[str, list[tuple[Any, ...]]] = {emotion: [] for emotion in SUBREDDITS}
    feelings = []
    for post in posts:
        own = post.feeling.number
        if len(post.pictures) == 1:
            post.pictures[0].save(images / f"{own}.jpg", quality=QUALITY)
        else:
            (images / str(own)).mkdir()
            for place, picture in enumerate(post.pictures, start=1):
                picture.save(images / str(own) / f"{place}.jpg", quality=QUALITY)
        row = (own, post.title, f"https://i.example.org/{own}.jpg", post.ups)
        listings[post.feeling.emotion].append(row)
        feelings.append(post.feeling)
    for emotion, rows in listings.items():
        rows.sort(key=lambda row: (-row[-1], row[0]))
        _write_rows(folder / f"{SUBREDDITS[emotion]}.csv", [("id", "title", "url", "ups"), *rows])
    return feelings


def write_flickr(folder: Path, posts: Iterable[Photo]) -> list[Feeling]:
    """Write agg/<emotion>_agg.csv without a header, texts.csv, images/<photo>.jpg; return causes."""
    for name in ("agg", "images"):
        (folder / name).mkdir(parents=True)
    votes: dict[str, list[tuple[Any, ...]]] = {emotion: [] for emotion in FLICKR.shares}
    texts: list[tuple[Any, ...]] = [("photo", "title", "description")]
    feelings = []
    for post in posts:
        own = post.feeling.number
        post.picture.save(folder / "images" / f"{own}.jpg", quality=QUALITY)
        for emotion, verdict in post.verdicts.items():
            votes[emotion].append((len(votes[emotion]), post.url, *verdict))
        texts.append((own, post.title, post.description))
        feelings.append(post.feeling)
    for emotion, rows in votes.items():
        _write_rows(folder / "agg" / f"{emotion}_agg.csv", rows)
    _write_rows(folder / "texts.csv", texts)
    return feelings


def truth_of(feeling: Feeling) -> dict[str, Any]:
    """Return a post's row of truth.parquet."""
    return {
        "id": str(feeling.number),
        "scene": feeling.kind,
        "mood": feeling.scene.mood,
        "striking": feeling.scene.striking,
        "gathering": feeling.scene.gathering,
        "weather": feeling.shown[0].weather,
        "set": feeling.set,
        "emotion": feeling.emotion,
        "told": feeling.told,
        "named": feeling.named,
        "album": [shown.kind for shown in feeling.shown],
    }


def _write_rows(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
