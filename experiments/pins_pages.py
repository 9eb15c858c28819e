"""Figures 1, 2 and 5 of the Pins paper, and nearest words side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from experiments.documents import Block, Document, Figure
from experiments.finished import settings_above
from experiments.pages import first_runs, page_path
from experiments.pins_results import row_embeddings
from experiments.results import read_facts
from experiments.tables import Asked, convert, read_mapping, table_file

if TYPE_CHECKING:
    from datamodules.posts import Posts
    from encoders.embeddings import Embeddings
    from experiments.pin_figures import Pin
    from experiments.pins_clicks import Query


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture of Figure 5: whose words, and whether English stop words are among them."""

    row: str
    stop_words: Literal["keep", "drop"] = "keep"


def neighbours(asked: Asked) -> Document | None:
    """Nearest words of chosen ones, a column a row; words that a row does not know are named above."""
    path, spec = _spec(asked)
    words = convert(path, "words", spec["words"], dict[str, list[str]])
    results = first_runs(asked, spec["table"], spec["rows"], words)
    if results is None:
        return None
    blocks = []
    for name, folders in results.items():
        known = {row: found for (row, _), folder in folders.items() if (found := row_embeddings(folder)) is not None}
        label = read_facts(next(iter(folders.values()))).label
        blocks.append(nearest_words(f"{label} ({name})", known, words[name], int(spec["count"])))
    return Document(spec["title"], [f"{spec['source']}; seed {asked.seeds[0]}."], blocks)


def nearest_words(title: str, known: "Mapping[str, Embeddings]", words: Sequence[str], count: int) -> Block:
    """A line for each word that all rows know, with its neighbours by each row's embeddings."""
    there = [word for word in words if all(found.rows([word])[0] >= 0 for found in known.values())]
    lines = []
    for word in there:
        cells = [
            ", ".join(f"{other} {cosine:.2f}" for other, cosine in found.nearest(word, count))
            for found in known.values()
        ]
        lines.append([word, *cells])
    missing = [word for word in words if word not in there]
    notes = [f"Left out, unknown: {', '.join(missing)}."] * bool(missing)
    return Block(title, ["Word", *known], lines, notes, words=1 + len(known))


def sample_pins(asked: Asked) -> Document | None:
    """Figure 1: pictures with several descriptions.

    Raises:
        ValueError: no --out, or the posts have no such pictures.
    """
    from datamodules.posts import Posts
    from experiments.figures import save_figure
    from experiments.pin_figures import pins_figure

    _, spec = _spec(asked)
    folders = _posts_folders(asked, spec)
    if folders is None:
        return None
    out, figures = page_path(asked), []
    for folder in folders:
        posts = Posts(folder)
        pins = draw_pins(posts, int(spec["pictures"]), int(spec["descriptions"]), int(spec["seed"]))
        name = f"{out.stem}-{posts.info['name']}.png"
        save_figure(pins_figure(pins), out.parent / name)
        figures.append(Figure(name, f"{posts.info['name']}: pictures and their descriptions, drawn at random"))
    return Document(spec["title"], [f"{spec['source']}."], [], figures)


def draw_pins(posts: "Posts", count: int, least: int, seed: int) -> "list[Pin]":
    """Pictures with `least` descriptions or more, drawn at random; fewer where there are no more.

    Raises:
        ValueError: there are none.
    """
    from experiments.pin_figures import Pin

    found: list[Pin] = []
    order = np.random.default_rng(seed).permutation(len(posts))
    for start in range(0, len(order), 100):
        for row in posts.rows([posts.ids[place] for place in order[start : start + 100]]):
            media = [each for each in row["media"] or [] if each["path"] and each["kind"] == "image"]
            fitting = [each for each in media if len(each["descriptions"] or []) >= least]
            found += [Pin(posts.media(each["path"]), each["descriptions"]) for each in fitting[:1]]
        if len(found) >= count:
            return found[:count]
    if not found:
        raise ValueError(f"{posts.folder}: no picture has {least} descriptions")
    return found


def clicks_to_positives(asked: Asked) -> Document | None:
    """Figure 2: what is clicked for a query, how the annotations rank, which of them stay.

    Raises:
        ValueError: no --out, or the run has no click log.
    """
    from datamodules.posts import Posts
    from experiments.figures import save_figure
    from experiments.pin_figures import clicks_figure

    path, spec = _spec(asked)
    known = convert(path, "experiments", spec["experiments"], list[str])
    results = first_runs(asked, spec["table"], [spec["row"]], known)
    if results is None:
        return None
    out, blocks, figures = page_path(asked), [], []
    for experiment, folders in results.items():
        (folder,) = folders.values()
        label, query = read_facts(folder).label, _query(folder, spec["query"], int(spec["seed"]))
        name = f"{out.stem}-{experiment}.png"
        media = Posts(_own_posts(folder)).media("")
        save_figure(clicks_figure(query, int(spec["items"]), media), out.parent / name)
        lines = [[each.phrase, "no" if each.shares_word else "yes", f"{each.clicks:,}"] for each in query.ranked]
        blocks.append(Block(f"{label}: {query.text}", ["Annotation", "Positive phrase", "Clicks"], lines))
        figures.append(Figure(name, f"{label}: from clicks to the positive phrases of the query “{query.text}”"))
    return Document(spec["title"], [f"{spec['source']}."], blocks, figures)


def _query(folder: Path, query: str | None, seed: int) -> "Query":
    """A query of the log that a row's triplets were made of, by the rules that they were made by."""
    from datamodules.triplets import Rules
    from experiments.pins_clicks import read_query

    made = settings_above(folder, "clicked")
    rules = Rules(made["top"], made["min_clicks"], made["negatives"], made["seed"])
    return read_query(Path(made["clicks"]), rules, query, seed)


def frequent_words(asked: Asked) -> Document | None:
    """Figure 5: the most frequent words in the plane, a picture for each that the table's file names.

    Raises:
        ValueError: no --out.
    """
    from experiments.embedding_figures import plane, words_figure
    from experiments.figures import save_figure

    path, spec = _spec(asked)
    pictures = convert(path, "pictures", spec["pictures"], dict[str, Words])
    results = first_runs(asked, spec["table"], [each.row for each in pictures.values()])
    if results is None:
        return None
    out, figures = page_path(asked), []
    for experiment, folders in results.items():
        for key, wanted in pictures.items():
            shown, title = _shown(folders[wanted.row, asked.seeds[0]], wanted, int(spec["count"]))
            name = f"{out.stem}-{experiment}-{key}.png"
            save_figure(words_figure(shown.words, plane(shown), title), out.parent / name)
            figures.append(Figure(name, f"{title}; t-SNE of cosine distances"))
    return Document(spec["title"], [f"{spec['source']}; seed {asked.seeds[0]}."], [], figures)


def _shown(folder: Path, wanted: Words, count: int) -> "tuple[Embeddings, str]":
    """A row's most frequent words, and what they are."""
    from datamodules.sentences.stop_words import stop_words
    from experiments.embedding_figures import frequent

    embeddings = row_embeddings(folder)
    if embeddings is None:
        raise ValueError(f"{folder}: no embeddings of row {wanted.row!r}; --protocol.vectors names their file")
    dropped = wanted.stop_words == "drop"
    shown = frequent(embeddings, count, sorted(stop_words()) if dropped else [])
    title = f"{read_facts(folder).label}, {wanted.row}: the {len(shown)} most frequent words"
    return shown, title + " without English stop words" * dropped


def _spec(asked: Asked) -> tuple[Path, dict[str, Any]]:
    path = table_file(asked.name)
    return path, read_mapping(path)


def _posts_folders(asked: Asked, spec: Mapping[str, Any]) -> list[Path] | None:
    """Prepared posts that are named, or those of the run."""
    if asked.posts:
        return asked.posts
    results = first_runs(asked, spec["table"], [spec["row"]])
    return None if results is None else [_own_posts(folder) for runs in results.values() for folder in runs.values()]


def _own_posts(folder: Path) -> Path:
    """The prepared posts that a row's sentences come from."""
    return Path(settings_above(folder, "sentences")["posts"])
