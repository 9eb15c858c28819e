"""`python -m experiments.report FOLDER [--base FOLDER] [--out DIR]`: a look into what a finished stage answered."""

import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.arguments import Arguments, plain_errors, positive
from experiments.documents import Block, Document, Figure, html, markdown, percent, save
from experiments.results import (
    DataFacts,
    PredictedPost,
    read_facts,
    read_metrics,
    read_predictions,
    scored_parts,
    with_content,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Write report.html, report.md and their pictures; returns the exit status."""
    about = "Of a finished classifier: metrics, confusion matrix, comment attention. Of scored embeddings: accuracy on "
    about += "triplets, correlations on word-similarity sets, sample triplets, nearest words. Of ranks: statistics of "
    about += "each task, its best and worst queries."
    parser = Arguments("report", about)
    parser.add_argument("folder", type=Path, help="folder of a finished classifier, or of a row of scores or ranks")
    parser.add_argument("--base", type=Path, help="another one: show posts (triplets, queries) on which the two differ")
    parser.add_argument("--out", type=Path, help="where to write (report/ in the folder)")
    parser.add_argument("--part", help="any part of the folder's metrics.json (test; where there is none, the first)")
    parser.add_argument("--posts", type=positive, default=8, help="posts, triplets, queries a task shown (%(default)s)")
    options, settings = parser.parse(argv)
    if settings:
        parser.error(f"unknown argument {settings[0]}: a report runs nothing")
    out = options.out or options.folder / "report"
    with plain_errors():
        page = write_report(options.folder, out, options.base, options.part, options.posts)
    print(f"written: {page}")
    return 0


def write_report(folder: Path, out: Path, base: Path | None = None, part: str | None = None, posts: int = 8) -> Path:
    """Write the report of a finished stage and return its page.

    Args:
        folder: holds metrics.json, predictions.parquet and dataset.json.
        out: where report.html, report.md and the pictures go.
        base: another finished stage; posts, triplets or queries on which the two differ are shown.
        part: of metrics.json; none takes test, or the first where there is no test.
        posts: how many posts or triplets are shown, or queries of each task.

    Raises:
        FileNotFoundError: a folder is not that of a finished stage.
        ValueError: a file is broken, a folder has no such part, or the two stages have other posts, triplets
            or queries.
    """
    facts, parts = read_facts(folder), scored_parts(folder)
    part = part or ("test" if "test" in parts else parts[0])
    for stage in (folder, base) if base else (folder,):
        read_metrics(stage, part)  # names the parts there are
        if read_facts(stage).kind != facts.kind:
            raise ValueError(f"{stage}: scored on {read_facts(stage).kind}, {folder} on {facts.kind}")
    if facts.kind == "triplets":
        from experiments.triplet_report import triplet_document

        document = triplet_document(folder, base, part, posts)
    elif facts.kind == "ranks":
        from experiments.rank_report import rank_document

        document = rank_document(folder, base, part, posts)
    else:
        document = _post_document(folder, out, base, part, posts)
    save(markdown(document), out / "report.md")
    save(html(document), out / "report.html")
    return out / "report.html"


def _post_document(folder: Path, out: Path, base: Path | None, part: str, posts: int) -> Document:
    """A classifier's report; its pictures are written."""
    from experiments.figures import attention_figure, confusion_figure, save_figure
    from experiments.scores import confusion

    facts, predicted = read_facts(folder), read_predictions(folder, part)
    others = {post.id: post for post in read_predictions(base, part)} if base else {}
    if base and set(others) != {post.id for post in predicted}:
        raise ValueError(f"{base}: its {part} posts are not those of {folder}")
    out.mkdir(parents=True, exist_ok=True)
    counts = confusion([post.gold for post in predicted], [post.predicted for post in predicted], len(facts.classes))
    data = facts.label
    save_figure(confusion_figure(counts, facts.classes, f"{data}, {part}"), out / "confusion.png")
    figures = [Figure("confusion.png", f"Confusion matrix on {data}, {part} posts")]
    chosen = with_content(choose_posts(predicted, others)[:posts], facts.benchmark)
    for number, post in enumerate(chosen, start=1):
        name = f"post-{number}.png"
        save_figure(attention_figure(post, facts.classes, others.get(post.id)), out / name)
        figures.append(Figure(name, f"{post.id}: {post.text or 'no text'}"))
    return Document(f"Report of {folder.name}", _intro(facts, base), [_block(folder, base, data, part)], figures)


def choose_posts(predicted: Sequence[PredictedPost], others: dict[str, PredictedPost]) -> list[PredictedPost]:
    """Posts worth a look, best first, stored order among equals.

    With another classifier's predictions: those that differ, first where ours alone is right, then where the other
    alone is. Without: by the spread of attention over comments; of a classifier that reads none, its surest mistakes
    first.
    """
    if others:
        differ = [post for post in predicted if post.predicted != others[post.id].predicted]
        return sorted(differ, key=lambda post: (not post.is_right, not others[post.id].is_right))
    if any(post.comments for post in predicted):
        return sorted(predicted, key=lambda post: -post.attention_spread)
    return sorted(predicted, key=lambda post: (post.is_right, -max(post.probabilities, default=0.0)))


def _intro(facts: DataFacts, base: Path | None) -> list[str]:
    simulated = (
        "Simulated posts of our own: nothing here is comparable with a published number. " if facts.simulated else ""
    )
    shown = (
        f"first where ours and {base.name} differ" if base else "widest spread of attention; without, surest mistakes"
    )
    return [f"{simulated}Posts shown: {shown}. Weights are of one post's comments and add up to 1."]


def _block(folder: Path, base: Path | None, data: str, part: str) -> Block:
    lines = []
    for name, stage in (("ours", folder), ("base", base)):
        if stage is not None:
            lines.append([data, name, *map(percent, read_metrics(stage, part).values())])
    return Block(f"{part} posts, in percent", ["Data set", "Classifier", *read_metrics(folder, part)], lines)


if __name__ == "__main__":
    sys.exit(main())
