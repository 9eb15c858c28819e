"""Figures 4 and 5 of the DU2MCE paper: clusters of users, and pictures for sentences."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from experiments.documents import Block, Document, Figure
from experiments.pages import first_runs, page_path
from experiments.results import read_facts
from experiments.tables import Asked, convert, read_mapping, table_file

if TYPE_CHECKING:
    from datamodules.timelines import Timelines
    from experiments.spaces import RowSpace
    from experiments.user_figures import Answer

SHOWN_WORDS = 8  # of a cluster, in the table
AT_ONCE = 100_000  # posts whose words are counted at a time


class Asks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is made of users.

    Args:
        clusters: k of k-means (Section 4.5.1: 50).
        common_words: most common words of the corpus, which are left out (Section 4.5.1: 200).
        shown: clusters of a page, those of most users.
        pictures: of a cluster.
    """

    clusters: int
    common_words: int
    shown: int
    pictures: int


class Cluster(NamedTuple):
    """U users that k-means put together."""

    users: NDArray[np.int64]  # (U,) rows of the table
    centroid: NDArray[np.float32]  # (D,) mean of their vectors
    cosine: float  # mean of theirs to the centroid


def user_clusters(asked: Asked) -> Document | None:
    """Figure 4: the largest clusters of a row's users, what these write, and the pictures nearest to the centroid.

    Raises:
        ValueError: no --out, or fewer users than clusters.
    """
    path = table_file(asked.name)
    spec = read_mapping(path)
    known = convert(path, "experiments", spec["experiments"], dict[str, Asks])
    simulated = convert(path, "simulated", spec["simulated"], Asks)
    results = first_runs(asked, spec["table"], [spec["row"]], known)
    if results is None:
        return None
    out, blocks, figures = page_path(asked), [], []
    for experiment, folders in results.items():
        (folder,) = folders.values()
        asks = simulated if read_facts(folder).simulated else known[experiment]
        name = f"{out.stem}-{experiment}.png"
        blocks.append(_clusters(folder, experiment, asks, out.parent / name))
        figures.append(Figure(name, f"{blocks[-1].title}; words by how often they are used"))
    rule = "k-means of users' unit vectors in the common space; those clusters are shown that have most users."
    return Document(spec["title"], [f"{spec['source']}; {spec['row']}, seed {asked.seeds[0]}. {rule}"], blocks, figures)


def _clusters(folder: Path, experiment: str, asks: Asks, picture: Path) -> Block:
    from experiments.figures import save_figure
    from experiments.spaces import RowSpace, nearest
    from experiments.user_figures import ShownCluster, clusters_figure

    space = RowSpace.open(folder)
    found = cluster(space.user_vectors, asks.clusters)
    counts = count_words(space.corpus, found[: asks.shown])
    counts[:, np.argsort(-np.bincount(space.corpus.tokens), kind="stable")[: asks.common_words]] = 0
    lines, shown = [], []
    for number, (each, own) in enumerate(zip(found, counts, strict=False), start=1):
        words = {space.corpus.words[word]: int(own[word]) for word in np.argsort(-own, kind="stable") if own[word]}
        hits = nearest([space.picture_vectors], each.centroid, asks.pictures)
        title = f"cluster {number}: {len(each.users):,} users, mean cosine to the centroid {each.cosine:.2f}"
        shown.append(ShownCluster(title, words, [space.posts.media(space.picture_paths[hit.row]) for hit in hits]))
        lines.append([str(number), ", ".join(list(words)[:SHOWN_WORDS]), f"{len(each.users):,}", f"{each.cosine:.2f}"])
    save_figure(clusters_figure(shown), picture)
    title = f"{read_facts(folder).label} ({experiment}): {len(shown)} of {len(found)} clusters"
    note = f"Without the {asks.common_words} most common of {len(space.corpus.words) - 1:,} words of the corpus."
    return Block(title, ["Cluster", "Words", "Users", "Cosine"], lines, [note])


def cluster(vectors: NDArray[np.float32], count: int, seed: int = 0) -> list[Cluster]:
    """k-means of users (K, D), largest clusters first.

    Raises:
        ValueError: there are fewer users than clusters.
    """
    from sklearn.cluster import KMeans

    if len(vectors) < count:
        raise ValueError(f"{len(vectors):,} users make no {count} clusters; set fewer in the page's file")
    labels = KMeans(count, n_init=10, random_state=seed).fit_predict(vectors)
    found = []
    for label in np.unique(labels):
        users = np.flatnonzero(labels == label)
        centroid = vectors[users].mean(0)
        cosines = vectors[users] @ centroid / max(float(np.linalg.norm(centroid)), 1e-12)
        found.append(Cluster(users, centroid, float(cosines.mean())))
    return sorted(found, key=lambda each: -len(each.users))


def count_words(corpus: "Timelines", clusters: list[Cluster]) -> NDArray[np.int64]:
    """(C, V) how often the users of each cluster use each word of the corpus, in all their posts."""
    size = len(corpus.words)
    of_user = np.full(len(corpus.users) + 1, -1)  # where -1, nobody, finds none
    for number, each in enumerate(clusters):
        of_user[each.users] = number
    of_post = of_user[corpus.user]  # (P,)
    counts = np.zeros(len(clusters) * size, np.int64)
    for start in range(0, len(of_post), AT_ONCE):
        stop = min(start + AT_ONCE, len(of_post))
        offsets = corpus.offsets[start : stop + 1]
        of_word = np.repeat(of_post[start:stop], np.diff(offsets))  # (T,)
        tokens = corpus.tokens[offsets[0] : offsets[-1]]
        kept = of_word >= 0
        counts += np.bincount(of_word[kept] * size + tokens[kept], minlength=len(counts))
    return counts.reshape(len(clusters), size)


def nearest_pictures(asked: Asked) -> Document | None:
    """Figure 5: the pictures nearest to some sentences.

    Raises:
        ValueError: no --out.
    """
    path = table_file(asked.name)
    spec = read_mapping(path)
    known = convert(path, "sentences", spec["sentences"], dict[str, list[str]])
    simulated = convert(path, "simulated", spec["simulated"], list[str])
    results = first_runs(asked, spec["table"], [spec["row"]], known)
    if results is None:
        return None
    out, blocks, figures = page_path(asked), [], []
    for experiment, folders in results.items():
        (folder,) = folders.values()
        facts, name = read_facts(folder), f"{out.stem}-{experiment}.png"
        sentences = simulated if facts.simulated else known[experiment]
        title = f"{facts.label} ({experiment})"
        blocks.append(_answers(folder, title, sentences, int(spec["pictures"]), out.parent / name))
        figures.append(Figure(name, f"{title}: pictures by their cosine to the sentence"))
    return Document(spec["title"], [f"{spec['source']}; {spec['row']}, seed {asked.seeds[0]}."], blocks, figures)


def _answers(folder: Path, title: str, sentences: list[str], count: int, picture: Path) -> Block:
    from experiments.figures import save_figure
    from experiments.spaces import RowSpace
    from experiments.user_figures import answers_figure

    space = RowSpace.open(folder)
    known = {sentence: space.known_words(sentence) for sentence in sentences}
    answers = [_answer(space, sentence, count) for sentence, words in known.items() if words]
    save_figure(answers_figure(answers), picture)
    lines = [
        [answer.sentence, " ".join(known[answer.sentence]), *(f"{cosine:.2f}" for cosine in answer.cosines[:1])]
        for answer in answers
    ]
    unknown = [sentence for sentence, words in known.items() if not words]
    notes = [f"Among {len(space.picture_paths):,} distinct pictures of all parts."]
    notes += [f"Left out, none of their words is known: {', '.join(unknown)}."] * bool(unknown)
    return Block(title, ["Sentence", "Words that are read", "Largest cosine"], lines, notes)


def _answer(space: "RowSpace", sentence: str, count: int) -> "Answer":
    from experiments.spaces import nearest
    from experiments.user_figures import Answer

    hits = nearest([space.picture_vectors], space.encode_sentence(sentence), count)
    pictures = [space.posts.media(space.picture_paths[hit.row]) for hit in hits]
    return Answer(sentence, pictures, [hit.cosine for hit in hits])
