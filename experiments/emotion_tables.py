"""Tables 2, 3 and 5 of the emotion paper."""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec

from experiments.arguments import choose
from experiments.comparison import Folders, spread
from experiments.documents import Block, Document, Footnotes
from experiments.results import read_facts, read_metrics
from experiments.tables import Asked, convert, load_table, read_mapping, table_file


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data set of Table 2: class -> posts."""

    label: str
    posts: dict[str, int]
    notes: list[str] = []


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of Table 3: dotted path in an experiment's settings, and what the paper prints."""

    setting: str
    published: int | float | str
    experiment: str | None = None


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a table, scored on a part."""

    row: str
    part: str


class OneModality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of Table 5: where its two numbers come from, and experiment -> published ones."""

    image: Side
    text: Side
    published: dict[str, dict[str, float]] = {}
    notes: list[str] = []


def class_counts(asked: Asked) -> Document:
    """Table 2 beside the counts of prepared data sets; others than the paper's stand in blocks of their own."""
    from datamodules import statistics
    from datamodules.posts import Posts

    path = table_file(asked.name)
    spec = read_mapping(path)
    sets = convert(path, "sets", spec["sets"], dict[str, Counted])
    ours = {posts.info["name"]: posts for posts in map(Posts, asked.posts)}
    marks = Footnotes(spec["footnotes"])
    blocks = []
    for name, counted in sets.items():
        found = statistics.class_counts(ours.pop(name), "emotion") if name in ours else None
        title = f"{counted.label} ({name}){marks.marks(counted.notes)}"
        blocks.append(_counts(title, name, counted.posts, found))
    for name, posts in ours.items():
        for task in posts.info["tasks"]:
            blocks.append(_counts(f"{name}, task {task}", name, None, statistics.class_counts(posts, task)))
    hint = "--posts takes prepared folders to count." if not asked.posts else ""
    return Document(spec["title"], [f"{spec['source']}. {hint}".strip()], blocks, footnotes=marks.used())


def _counts(title: str, name: str, published: Mapping[str, int] | None, found: Mapping[str, int] | None) -> Block:
    columns = [("posts published", published), ("posts ours", found)]
    there = [(label, counts) for label, counts in columns if counts is not None]
    classes = list(dict.fromkeys(each for _, counts in there for each in counts))
    lines = [[name, each, *(str(counts.get(each, 0)) for _, counts in there)] for each in classes]
    lines.append([name, "Total", *(str(sum(counts.values())) for _, counts in there)])
    return Block(title, ["Data set", "Emotion", *(label for label, _ in there)], lines)


def hyper_parameters(asked: Asked) -> Document:
    """Table 3 beside what the experiments are set to."""
    path = table_file(asked.name)
    spec = read_mapping(path)
    experiments = choose("experiment", asked.experiments or spec["experiments"], spec["experiments"])
    settings = {name: asked.resolve(name) for name in experiments}
    lines = []
    for name, parameter in convert(path, "parameters", spec["parameters"], dict[str, Parameter]).items():
        for experiment in [parameter.experiment] if parameter.experiment else experiments:
            if experiment in settings:
                found = reduce(lambda inside, key: inside[key], parameter.setting.split("."), settings[experiment])
                same = "yes" if found == parameter.published else "no"
                lines.append([experiment, name, str(parameter.published), str(found), same])
    header = ["Experiment", "Parameter", "Published", "Ours", "The same"]
    return Document(spec["title"], [f"{spec['source']}."], [Block("Settings", header, lines)])


def one_modality(asked: Asked) -> Document | None:
    """Table 5: accuracy with the picture alone and with the text alone, and the gap between the two."""
    path = table_file(asked.name)
    spec = read_mapping(path)
    rows = convert(path, "rows", spec["rows"], dict[str, OneModality])
    table = load_table(spec["table"])
    experiments = choose("experiment", asked.experiments or table.experiments, table.experiments)
    used = {side.row for row in rows.values() for side in (row.image, row.text)}
    overrides = {row.name: row.overrides for row in table.rows if row.name in used}
    results = {name: asked.run(name, overrides, asked.seeds) for name in experiments}
    if not all(results.values()):
        return None
    marks = Footnotes(spec["footnotes"])
    blocks = [_alone(table.experiments[name].label, name, rows, results[name], marks, asked) for name in experiments]
    intro = f"{spec['source']}. Accuracy in percent; ours: mean ± standard deviation over {len(asked.seeds)} seeds."
    return Document(spec["title"], [intro], blocks, footnotes=marks.used())


def _alone(
    label: str, experiment: str, rows: Mapping[str, OneModality], folders: Folders, marks: Footnotes, asked: Asked
) -> Block:
    facts = read_facts(next(iter(folders.values())))
    lines = []
    for name, row in rows.items():
        image, text = (_accuracies(folders, side) for side in (row.image, row.text))
        gaps = [abs(one - other) for one, other in zip(image, text, strict=True)]
        published = row.published.get(experiment, {})
        cells = [f"{published[side]:g}" if side in published else "–" for side in ("image", "text")]
        ours = [spread(values) for values in (image, text, gaps)]
        lines.append([facts.label, name + marks.marks(row.notes), cells[0], ours[0], cells[1], ours[1], ours[2]])
    header = ["Data set", "Row", "image published", "image ours", "text published", "text ours", "gap ours"]
    how = f"; {'; '.join(asked.departures)}" if asked.departures else ""
    note = f"Published numbers are of the paper's {label} posts, ours of {facts.label}{how}."
    return Block(f"{label} ({experiment})", header, lines, [note])


def _accuracies(folders: Mapping[tuple[str, int], Path], side: Side) -> list[float]:
    found = sorted((seed, folder) for (row, seed), folder in folders.items() if row == side.row)
    return [100 * _accuracy(folder, side.part) for _, folder in found]


def _accuracy(folder: Path, part: str) -> float:
    """nan where the classifier does not apply: one of no modality has no such view either."""
    scores: dict[str, Any] = read_metrics(folder, part)
    return float(scores["accuracy"])
