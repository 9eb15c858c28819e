"""Tables 6 and 7 of the emotion paper: posts on which the classifiers disagree, as a page with pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.answers_figure import NOT_APPLICABLE, answers_figure
from experiments.arguments import choose
from experiments.comparison import Folders
from experiments.documents import Block, Document, Figure
from experiments.figures import save_figure
from experiments.pages import page_path
from experiments.results import PredictedPost, read_facts, read_predictions, with_content
from experiments.tables import Asked, Side, convert, load_table, read_mapping, table_file

Answers = dict[str, dict[str, PredictedPost]]  # line -> post id -> its prediction


def disagreements(asked: Asked) -> Document | None:
    """Posts on which the lines differ, with every line's answer ("n/a" where it was given nothing); pictures beside.

    Raises:
        ValueError: no --out, which says where the page and its pictures go.
    """
    path = table_file(asked.name)
    spec = read_mapping(path)
    lines = convert(path, "lines", spec["lines"], dict[str, Side])
    table = load_table(spec["table"])
    experiments = choose("experiment", asked.experiments or table.experiments, table.experiments)
    used = {side.row for side in lines.values()}
    rows = {row.name: row.overrides for row in table.rows if row.name in used}
    results = {name: asked.run(name, rows, asked.seeds[:1]) for name in experiments}
    if not all(results.values()):
        return None
    out, blocks, figures = page_path(asked), [], []
    for name in experiments:
        block, figure = _page(name, results[name], lines, int(spec["posts"]), out)
        blocks.append(block)
        figures.append(figure)
    chosen = "One post of each pattern of right and wrong answers, the most mixed patterns first; right answers of the "
    chosen += "last line, the paper's own model, before wrong ones."
    intro = f"{spec['source']}; seed {asked.seeds[0]}. {chosen}"
    return Document(spec["title"], [intro], blocks, figures)


def _page(experiment: str, folders: Folders, lines: Mapping[str, Side], count: int, out: Path) -> tuple[Block, Figure]:
    """The answers as a table, and as a picture beside `out`."""
    of_row = {row: folder for (row, _), folder in folders.items()}
    answers: Answers = {
        name: {post.id: post for post in read_predictions(of_row[side.row], side.part or "test")}
        for name, side in lines.items()
    }
    facts = read_facts(next(iter(of_row.values())))
    chosen = choose_posts(answers, count)
    shown = with_content(chosen, facts.benchmark)
    picture = out.parent / f"{out.stem}-{experiment}.png"
    out.parent.mkdir(parents=True, exist_ok=True)
    given = [{name: _answer(posts[post.id], facts.classes) for name, posts in answers.items()} for post in shown]
    save_figure(answers_figure(shown, given, facts.classes), picture)
    header = ["Data set", "Row", *(post.text or "(no text)" for post in shown)]
    body = [[facts.label, "Ground truth", *(facts.classes[post.gold] for post in shown)]]
    body += [[facts.label, name, *(answer[name] for answer in given)] for name in lines]
    caption = f"{facts.label}: posts on which the classifiers disagree; green is right, red is wrong"
    return Block(f"{experiment}, test posts", header, body, words=len(header)), Figure(picture.name, caption)


def choose_posts(answers: Answers, count: int) -> list[PredictedPost]:
    """Posts with a class on which the lines differ most, of each pattern of right and wrong one, best first.

    The last line is the paper's own model: its right answers come before its wrong ones, so that the page shows where
    it helps, and where it does not.
    """
    patterns: dict[tuple[bool, ...], PredictedPost] = {}
    for own in list(answers.values())[-1].values():
        said = [posts[own.id] for posts in answers.values()]
        right = tuple(post.is_right for post in said if post.applies)
        if own.gold >= 0 and own.applies and 0 < sum(right) < len(right):
            patterns.setdefault(right, own)
    ordered = sorted(patterns, key=lambda right: (-_rarity(right), right))
    helpful = [right for right in ordered if right[-1]]
    harmful = [right for right in ordered if not right[-1]]
    chosen = [*helpful[: count - min(len(harmful), max(1, count // 3))], *harmful][:count]
    return [patterns[right] for right in chosen]


def _answer(post: PredictedPost, classes: Sequence[str]) -> str:
    return classes[post.predicted] if post.applies else NOT_APPLICABLE


def _rarity(right: Sequence[bool]) -> int:
    """How evenly right and wrong answers are mixed."""
    return min(sum(right), len(right) - sum(right))
