"""Statistics of a prepared data set (CAST, Tables 1 and 2): `python -m datamodules.statistics OUT`."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from datamodules.posts import Posts
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


def class_sizes(posts: Posts) -> dict[str, dict[str, int]]:
    """Posts of each class of each task."""
    sizes = {}
    for task, classes in posts.info["tasks"].items():
        found = list(posts.labels(task).values())
        sizes[task] = {name: found.count(number) for number, name in enumerate(classes)}
    return sizes


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
    parts = ("train", "validation", "test")
    lines += ["", f"{'Split':10}" + "".join(f"{part:>12}" for part in (*parts, "all"))]
    for protocol, sizes in split_sizes(posts).items():
        row = [sizes.get(part, 0) for part in parts]
        lines.append(f"{protocol:10}" + "".join(f"{size:12,}" for size in (*row, sum(row))))
    for task, counts in class_sizes(posts).items():
        lines.append(f"{task}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    return "\n".join(lines)


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
