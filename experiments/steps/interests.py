"""Stage that predicts users' interests from their vectors (DU2MCE, sections 4.2 and 4.4.2). Imports no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from datamodules.posts import Posts
from datamodules.preparing.interests import BRAND
from datamodules.timelines import Timelines
from encoders.atomic import write_json
from experiments.stage import Job
from experiments.steps.rank_scores import pass_on
from experiments.wiring import filled

YES = "yes"
PART = "interests"


class Labelled(NamedTuple):
    """N users of the table whose interests are known."""

    rows: NDArray[np.int64]  # (N,) of the table
    gold: NDArray[np.bool_]  # (N, G) whether each is interested in each group
    groups: list[str]
    left_out: dict[str, int]


def interests(job: Job) -> None:
    """Leave `interests.json`, and beside what the ranks left the part "interests", with a row a user.

    Settings:
        posts: prepared posts, whose users have labels.
        timelines: the corpus, whose users are the rows of the vectors.
        ranks: folder with `users.npy`.
        answers: which of the predictions are the row's.
        folds, C: of the cross-validation and the SVMs (Sections 4.2: 5 and 1).
        seed: of the folds.
    """
    settings = filled(job.settings, job.folders)
    users = Timelines(Path(settings["timelines"])).users
    known = labelled(users, Posts(settings["posts"]))
    vectors = np.load(Path(settings["ranks"]) / "users.npy")[known.rows]
    predicted = out_of_fold(vectors, known, settings["folds"], settings["C"], settings["seed"])
    answers = {"linear_svm": predicted, "all_positive": known.gold | True, "all_negative": known.gold & False}
    scores = {name: scored(known, answer) for name, answer in answers.items()}
    positive = dict(zip(known.groups, known.gold.sum(0).tolist(), strict=True))
    facts = {"users": len(known.rows), "positive": positive, "left_out": known.left_out, "scores": scores}
    chosen, ranks = settings["answers"], Path(settings["ranks"])
    pass_on(ranks, job.folder, PART, dict(scores[chosen]), _table(users, known, answers[chosen]))
    write_json(job.folder / "interests.json", facts)
    shown = ", ".join(f"{name} {values['macro_f1']:.3f}" for name, values in scores.items())
    print(f"{len(known.rows):,} users, macro F1: {shown}")


def labelled(users: list[str], posts: Posts) -> Labelled:
    """The users of the table with labels; brands' own accounts are left out.

    Raises:
        ValueError: the prepared posts know no interests of any of these users.
    """
    groups = [group for group in posts.info.get("user_tasks", {}) if group != BRAND]
    labels = posts.user_labels() if groups else {}
    own: list[Mapping[str, str]] = [labels.get(user, {}) for user in users]
    rows = [row for row, values in enumerate(own) if any(group in values for group in groups)]
    if not rows:
        raise ValueError(
            f"{posts.folder}: no interests are known of any of the {len(users):,} users; prepare the timelines with "
            "brands.jsonl and reactions.jsonl beside them, or use --protocol.interests=false"
        )
    gold = np.array([[own[row].get(group) == YES for group in groups] for row in rows])
    brands = sum(BRAND in values for values in own)
    left_out = {"brands": brands, "without_labels": len(users) - len(rows) - brands}
    return Labelled(np.array(rows), gold, groups, left_out)


def out_of_fold(
    vectors: NDArray[np.float32], known: Labelled, folds: int, regularisation: float, seed: int
) -> NDArray[np.bool_]:
    """(N, G): for each group a linear SVM's answer on each user, learned from the other folds of that group.

    Raises:
        ValueError: a group has fewer interested, or fewer other, users than folds.
    """
    answers = np.zeros(known.gold.shape, dtype=bool)
    for column, group in enumerate(known.groups):
        gold = known.gold[:, column]
        fewest = min(int(gold.sum()), int((~gold).sum()))
        if fewest < folds:
            raise ValueError(
                f"{group}: {int(gold.sum()):,} users interested, {int((~gold).sum()):,} not; {folds} folds need as "
                "many of each: use --protocol.folds, or more users"
            )
        cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
        answers[:, column] = cross_val_predict(LinearSVC(C=regularisation, random_state=seed), vectors, gold, cv=cut)
    return answers


def scored(known: Labelled, predicted: NDArray[np.bool_]) -> dict[str, float]:
    """F1 of binary predictions: mean over groups, over all answers together, and of each group; 0 where none is yes."""
    both = zip(known.gold.T, predicted.T, strict=True)
    each = [float(f1_score(gold, answer, zero_division=0.0)) for gold, answer in both]
    micro = float(f1_score(known.gold.ravel(), predicted.ravel(), zero_division=0.0))
    return {"macro_f1": float(np.mean(each)), "micro_f1": micro} | dict(zip(known.groups, each, strict=True))


def _table(users: list[str], known: Labelled, predicted: NDArray[np.bool_]) -> pa.Table:
    """A row a user: whether interested in each group, and what was predicted."""
    columns: dict[str, Any] = {"id": [users[row] for row in known.rows], "part": [PART] * len(known.rows)}
    for column, group in enumerate(known.groups):
        columns |= {f"{group}/gold": known.gold[:, column], f"{group}/predicted": predicted[:, column]}
    return pa.table(columns)
