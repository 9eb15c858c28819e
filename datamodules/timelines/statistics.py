"""Table 1 of a corpus of timelines (DU2MCE, section 4.1)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datamodules.timelines.splits import PARTS


class Columns(NamedTuple):
    """P posts by numbers of the corpus; what is missing is -1."""

    user: NDArray[np.integer]
    picture: NDArray[np.integer]
    text: NDArray[np.integer]
    part: NDArray[np.integer]  # 0 train, 1 validation, 2 test

    def of(self, part: int) -> "Columns":
        """Posts of one part."""
        return Columns(*(column[self.part == part] for column in self))


def table_1(posts: Columns, with_pictures: bool, pairs: int) -> dict[str, Any]:
    """Counts of posts, pictures and captions (texts with a picture count as well as others), and pairs of each task.

    Args:
        posts: all of them.
        with_pictures: texts of posts with a picture ask for users too.
        pairs: of picture and text that are tested at most.
    """
    counts: dict[str, Any] = _counts(posts) | {"users": int(np.unique(posts.user[posts.user >= 0]).size)}
    for code, name in enumerate(PARTS):
        mine = posts.of(code)
        counts[name] = _counts(mine)
        if code:
            asking = mine.text if with_pictures else np.where(mine.picture < 0, mine.text, -1)
            counts[name] |= {
                "text_user_pairs": _pairs(asking, mine.user),
                "image_text_pairs": min(_pairs(mine.picture, mine.text), pairs),
                "image_user_pairs": _pairs(mine.picture, mine.user),
            }
    return counts


def interested(users: Sequence[str], labels: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """How many of the users have the label "yes", by the task's name."""
    tasks = Counter(task for user in users for task, value in labels.get(user, {}).items() if value == "yes")
    return dict(sorted(tasks.items()))


def _counts(posts: Columns) -> dict[str, int]:
    shown = posts.picture[posts.picture >= 0]
    captions = int((posts.text >= 0).sum())
    return {
        "posts": len(posts.part),
        "images": len(shown),
        "unique_images": np.unique(shown).size,
        "captions": captions,
    }


def _pairs(one: NDArray[np.integer], other: NDArray[np.integer]) -> int:
    """Distinct pairs of which both sides are there."""
    both = (one >= 0) & (other >= 0)
    return int(np.unique(one[both].astype(np.int64) << 32 | other[both]).size)
