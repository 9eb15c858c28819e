"""Tables 2, 3 and 5 of the emotion paper."""

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import msgspec

from experiments.arguments import choose
from experiments.comparison import Comparison, Folders
from experiments.documents import Block, Document, Footnotes
from experiments.printed import spread
from experiments.results import read_metrics
from experiments.tables import Asked, Side, Table, convert, load_table, read_mapping, table_file


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
    if len(ours) < len(asked.posts):
        raise ValueError(f"{', '.join(map(str, asked.posts))}: two of them have one name; give one folder a data set")
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
                found = reduce(_inside, parameter.setting.split("."), settings[experiment])
                same = "yes" if found == parameter.published else "no"
                lines.append([experiment, name, str(parameter.published), "–" if found is None else str(found), same])
    header = ["Experiment", "Parameter", "Published", "Ours", "The same"]
    return Document(spec["title"], [f"{spec['source']}."], [Block("Settings", header, lines)])


def _inside(settings: Any, key: str) -> Any:
    """A setting of settings; None where a row has no such part."""
    return settings.get(key) if isinstance(settings, dict) else None


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
    blocks = []
    for name in experiments:
        if any(name in row.published for row in rows.values()):
            blocks.append(_published(table, name, rows, marks))
        blocks.append(_ours(table, name, rows, results[name], marks, asked))
    intro = f"{spec['source']}. Accuracy in percent; ours: mean ± standard deviation over {len(asked.seeds)} seeds."
    return Document(spec["title"], [intro], blocks, footnotes=marks.used())


def _published(table: Table, experiment: str, rows: Mapping[str, OneModality], marks: Footnotes) -> Block:
    label = table.experiments[experiment].label
    lines = []
    for name, row in rows.items():
        if experiment in row.published:
            image, text = (row.published[experiment][side] for side in ("image", "text"))
            notes = marks.marks(["other_count", *row.notes] if name == next(iter(rows)) else row.notes)
            lines.append([label, name + notes, f"{image:g}", f"{text:g}", f"{abs(image - text):.2f}"])
    note = f"{table.experiments[experiment].population} test posts in Table 4's other rows; the gaps are computed here."
    return Block(f"{label} ({experiment}): published", ["Data set", "Row", "image", "text", "gap"], lines, [note])


def _ours(
    table: Table, experiment: str, rows: Mapping[str, OneModality], folders: Folders, marks: Footnotes, asked: Asked
) -> Block:
    compared = Comparison(table, experiment, table.rows, folders, Footnotes(table.footnotes))
    lines = []
    for name, row in rows.items():
        image, text = (_accuracies(folders, side) for side in (row.image, row.text))
        gaps = [abs(one - other) for one, other in zip(image, text, strict=True)]
        lines.append([compared.facts.label, name + marks.marks(row.notes), *map(spread, (image, text, gaps))])
    reasons = list(compared.reasons(asked.departures))
    notes = [f"Not comparable with the published numbers: {'; '.join(reasons)}."] * bool(reasons)
    title = f"{table.experiments[experiment].label} ({experiment}): ours{', not comparable' * bool(reasons)}"
    return Block(title, ["Data set", "Row", "image", "text", "gap"], lines, [*notes, compared.population()])


def _accuracies(folders: Mapping[tuple[str, int], Path], side: Side) -> list[float]:
    """In percent, in order of seeds; nan where the classifier was given nothing of any post."""
    found = sorted((seed, folder) for (row, seed), folder in folders.items() if row == side.row)
    return [100 * read_metrics(folder, side.part or "test")["accuracy"] for _, folder in found]
