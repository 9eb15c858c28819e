"""Mirrors experiments/steps/interests.py."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score

from experiments.steps.interests import Labelled, labelled, out_of_fold, scored

ALWAYS = "--protocol.answers=all_positive"
GROUPS = ["shoes", "fashion", "hospitality"]
PAPER = {"shoes": 739, "fashion": 881, "hospitality": 1758}  # of 2,877 users (Table 1)


class Known:
    """Prepared posts whose users have interests: u0 is a brand's account, u1 has no labels."""

    folder = Path("posts")

    def __init__(self, users: int = 60) -> None:
        self.info = {"user_tasks": {**{group: ["no", "yes"] for group in GROUPS}, "brand": GROUPS}}
        self.labels = {
            f"u{number}": {group: "yes" if number % 6 < 2 + at else "no" for at, group in enumerate(GROUPS)}
            for number in range(2, users)
        }

    def user_labels(self) -> dict[str, dict[str, str]]:
        return {"u0": {"brand": "shoes"}, **self.labels}


def known(users: int = 60) -> Labelled:
    return labelled([f"u{number}" for number in range(users)], Known(users))  # type: ignore[arg-type]


def test_brands_and_users_without_labels_are_left_out() -> None:
    found = known()
    assert (found.rows.tolist(), found.left_out) == (list(range(2, 60)), {"brands": 1, "without_labels": 1})
    assert found.groups == GROUPS
    assert found.gold[:5].tolist() == [[False, True, True], [False, False, True], [False] * 3, [False] * 3, [True] * 3]


def test_posts_that_know_no_interests_are_named_with_the_way_out() -> None:
    posts = Known()
    with pytest.raises(ValueError, match=r"posts: no interests are known of any of the 1 users; .*interests=false"):
        labelled(["somebody"], posts)  # type: ignore[arg-type]
    posts.info = {}
    with pytest.raises(ValueError, match=r"brands\.jsonl"):
        labelled(["u3"], posts)  # type: ignore[arg-type]


def test_vectors_that_tell_the_interests_are_predicted_well_and_noise_is_not() -> None:
    people = known(302)
    noise = np.random.default_rng(0).standard_normal((len(people.rows), 8)).astype(np.float32)
    telling = noise.copy()
    telling[:, :3] += 4 * people.gold
    good, bad = (scored(people, out_of_fold(each, people, 5, 1.0, 0))["macro_f1"] for each in (telling, noise))
    assert good > 0.95
    assert bad < 0.75


def test_each_answer_is_learned_from_the_other_folds() -> None:
    """Vectors that are names of users: what is learned of others says nothing, so nobody's own interest is known."""
    people = known(62)
    found = out_of_fold(np.eye(len(people.rows), dtype=np.float32), people, 5, 1.0, 0)
    for column in range(3):
        assert len(set(found[:, column])) == 1, "the majority's answer for all"


def test_the_constant_answers_have_the_f1_that_the_papers_counts_give() -> None:
    gold = np.array([[number < PAPER[group] for group in GROUPS] for number in range(2877)])
    people = Labelled(np.arange(2877), gold, GROUPS, {})
    everybody = scored(people, np.ones_like(gold))
    assert [round(everybody[group], 3) for group in GROUPS] == [0.409, 0.469, 0.759]
    assert round(everybody["macro_f1"], 3) == 0.545
    assert scored(people, np.zeros_like(gold)) == dict.fromkeys(["macro_f1", "micro_f1", *GROUPS], 0.0)


def test_f1_is_that_of_scikit_learn_over_many_labels() -> None:
    random = np.random.default_rng(0)
    gold, answer = random.random((50, 3)) < 0.4, random.random((50, 3)) < 0.5
    found = scored(Labelled(np.arange(50), gold, GROUPS, {}), answer)
    for name in ("macro", "micro"):
        assert found[f"{name}_f1"] == pytest.approx(f1_score(gold, answer, average=name))


def test_groups_with_too_few_users_are_named() -> None:
    people = known(12)
    with pytest.raises(ValueError, match=r"shoes: 2 users interested, 8 not; 5 folds need as many of each"):
        out_of_fold(np.ones((len(people.rows), 2), np.float32), people, 5, 1.0, 0)


def test_the_stage_leaves_scores_predictions_and_what_the_ranks_say(planned: object) -> None:
    more = "--protocol.network.timelines=1000"  # so many users that every group has some
    made = planned(more, "--protocol.interests=true", "--protocol.folds=2", experiment="du2mce")  # type: ignore[operator]
    folder = made.run("interests")
    told = json.loads((folder / "interests.json").read_text())
    assert set(told["scores"]) == {"linear_svm", "all_positive", "all_negative"}
    assert told["scores"]["all_negative"]["macro_f1"] == 0
    metrics, ranks = made.scores("interests"), made.scores("ranks")
    assert metrics == ranks | {"interests": told["scores"]["linear_svm"]}
    rows = pq.read_table(folder / "predictions.parquet").to_pandas()
    table = rows[rows["part"] == "interests"]
    assert len(table) == told["users"]
    assert len(rows) - len(table) == pq.read_table(made.folder("ranks") / "predictions.parquet").num_rows
    for group, count in told["positive"].items():
        gold, answer = (table[f"{group}/{name}"].astype(bool) for name in ("gold", "predicted"))
        assert gold.sum() == count
        own = f1_score(gold, answer, zero_division=0.0)
        assert told["scores"]["linear_svm"][group] == pytest.approx(own)
    constant = planned(more, "--protocol.interests=true", "--protocol.folds=2", ALWAYS, experiment="du2mce")
    constant.run("interests")
    assert constant.scores("interests")["interests"] == told["scores"]["all_positive"]
