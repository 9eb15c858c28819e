"""Statistics of a prepared data set: `python -m datamodules.statistics OUT` (CAST, Tables 1 and 2; Emotion, 2)."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.posts import Posts
from datamodules.preparing.joining import PARTS
from datamodules.tweets import clean_tweet


@dataclass
class Line:
    """A line of Table 1: sums over posts, of which each mean is taken over the posts that have the thing."""

    posts: int = 0
    texts: int = 0
    text_tokens: int = 0
    commented: int = 0
    comments: int = 0
    comment_length: float = 0.0  # sum over posts of the mean length of a post's comments
    pictured: int = 0
    labelled: int = 0

    @property
    def text_length(self) -> float:
        """Text len: white-space tokens a text."""
        return self.text_tokens / max(self.texts, 1)

    @property
    def mean_comment_length(self) -> float:
        """Com len: tokens a comment; posts weigh alike, as in the paper's Total (8.62)."""
        return self.comment_length / max(self.commented, 1)

    @property
    def mean_comments(self) -> float:
        """Com num: comments a post."""
        return self.comments / max(self.posts, 1)

    def add(self, text: str | None, comments: list[dict] | None, media: list[dict] | None, labels: list | None) -> None:
        """Count one post."""
        lengths = [len(clean_tweet(comment["text"]).split()) for comment in comments or [] if comment["text"]]
        self.posts += 1
        self.texts += bool(text)
        self.text_tokens += len(clean_tweet(text or "").split())
        self.commented += bool(lengths)
        self.comments += len(lengths)
        self.comment_length += sum(lengths) / max(len(lengths), 1)
        self.pictured += any(medium["path"] is not None for medium in media or [])
        self.labelled += bool(labels)


def by_year(posts: Posts) -> dict[str, Line]:
    """Table 1: a line for each year ("" where unknown), sorted, and one for "Total"."""
    years, total = dict[str, Line](), Line()
    for batch in posts.batches(["created_at", "text", "comments", "media", "labels"]):
        for date, *rest in zip(*batch.values(), strict=True):
            years.setdefault((date or "")[:4], Line()).add(*rest)
            total.add(*rest)
    return {year: years[year] for year in sorted(years)} | {"Total": total}


def split_sizes(posts: Posts) -> dict[str, dict[str, int]]:
    """Table 2: posts in each part of each protocol."""
    return {name: {part: len(ids) for part, ids in posts.split(name).items()} for name in posts.protocols}


def class_counts(posts: Posts, task: str) -> dict[str, int]:
    """Emotion, Table 2: posts of each class of a task, in the order of the classes."""
    found = Counter(posts.labels(task).values())
    return {name: found[number] for number, name in enumerate(posts.classes(task))}


def class_parts(posts: Posts, task: str, protocol: str) -> dict[str, dict[str, int]]:
    """As `class_counts`, in each part of a protocol: class -> part -> posts."""
    labels = posts.labels(task)
    parts = {part: Counter(labels.get(post) for post in ids) for part, ids in posts.split(protocol).items()}
    return {name: {part: parts[part][number] for part in parts} for number, name in enumerate(posts.classes(task))}


def report(posts: Posts) -> str:
    """Both tables and the classes, as plain text."""
    lines = [f"{'Year':10}{'Num':>12}{'Text len':>10}{'Com len':>10}{'Com num':>10}"]
    table = by_year(posts)
    for year, line in table.items():
        means = f"{line.text_length:10.2f}{line.mean_comment_length:10.2f}{line.mean_comments:10.2f}"
        lines.append(f"{year or 'unknown':10}{line.posts:12,}{means}")
    total = table["Total"]
    lines += ["", f"with text {total.texts:,}, picture {total.pictured:,}, comments {total.commented:,}"]
    lines[-1] += f", label {total.labelled:,}"
    without = posts.info["dropped"].get("no comments", 0)
    if without:
        # 46 % in Section 3.2: 27.8 of 60 million
        lines.append(
            f"{total.posts / (total.posts + without):.0%} of the posts before the comment filter have comments"
        )
    sizes = {protocol: parts | {"all": sum(parts.values())} for protocol, parts in split_sizes(posts).items()}
    lines += ["", *_table("Split", sizes, (*PARTS, "all"))]
    for task in posts.info["tasks"]:
        lines += _classes(posts, task)
    return "\n".join(lines)


def _classes(posts: Posts, task: str) -> list[str]:
    """A task's classes in each part of each protocol, with a total."""
    lines, counts = list[str](), class_counts(posts, task)
    for protocol in posts.protocols or [""]:
        parts = class_parts(posts, task, protocol) if protocol else {}
        rows = {name: parts.get(name, {}) | {"all": count} for name, count in counts.items()}
        columns = (*PARTS, "all") if protocol else ("all",)
        rows["Total"] = {column: sum(row.get(column, 0) for row in rows.values()) for column in columns}
        lines += ["", *_table(f"{task}, {protocol}" if protocol else task, rows, columns)]
    return lines


def _table(title: str, rows: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> list[str]:
    width = max(10, *(len(name) + 1 for name in (title, *rows)))
    lines = [f"{title:{width}}" + "".join(f"{column:>12}" for column in columns)]
    for name, row in rows.items():
        lines.append(f"{name:{width}}" + "".join(f"{row.get(column, 0):12,}" for column in columns))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Command line; 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m datamodules.statistics", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", metavar="OUT", type=Path, help="prepared data set")
    try:
        print(report(Posts(parser.parse_args(arguments).folder)))
    except (OSError, ValueError) as error:
        print(f"statistics: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
