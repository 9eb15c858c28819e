"""Mirrors experiments/steps/ranks.py, on a small simulated network: query by query against the model's own vectors."""

import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch.nn import functional as F

from datamodules.du2mce import TimelinesData
from encoders.batches import PostTriples
from encoders.store import FeatureStore
from experiments.stage import job_of
from experiments.steps.rank_scores import STATISTICS
from experiments.steps.ranks import AveragePictures, AverageTexts, rank_tasks

TASKS = ["text_user", "image_text", "image_user"]


@pytest.fixture(scope="module")
def row(planned: Any) -> Any:
    """The row of all pairs, trained and ranked."""
    made = planned(experiment="du2mce")
    made.run("ranks")
    return made


def untrained(planned: Any, source: str) -> Any:
    made = planned(f"--protocol.source={source}", experiment="du2mce")
    made.run("ranks")
    return made


@pytest.fixture
def data(row: Any) -> TimelinesData:
    return TimelinesData(row.folder("timelines"), row.folder("pictures") / "features", batch_size=50)


def ranks_of(folder: Any, task: str) -> list[tuple[str, float, float, int]]:
    rows = pq.read_table(folder / "predictions.parquet").to_pylist()
    return [(at["id"], at["median_rank"], at["best_rank"], at["true"]) for at in rows if at["part"] == task]


def test_a_row_leaves_metrics_ranks_facts_and_users(row: Any, data: TimelinesData) -> None:
    scores, folder = row.scores("ranks"), row.folder("ranks")
    assert set(scores) == {"test", "gain", "fit", *TASKS}
    for task in TASKS:
        own = ranks_of(folder, task)
        medians = [median for _, median, _, _ in own]
        assert scores[task]["queries"] == len(own) > 0
        assert scores[task]["mean_median_rank"] == pytest.approx(np.mean(medians)) == scores["test"][task]
        assert scores[task]["median_rank"] == pytest.approx(np.median(medians))
        assert scores[task]["chance"] == (scores[task]["gallery"] + 1) / 2
    shares = [scores[task]["mean_median_rank"] / scores[task]["gallery"] for task in TASKS]
    assert scores["test"]["joint"] == pytest.approx(sum(shares))
    users = np.load(folder / "users.npy")
    assert users.shape == (len(data.corpus.users), 8)
    np.testing.assert_allclose(np.linalg.norm(users, axis=1), 1, rtol=1e-5)
    facts = json.loads((folder / "dataset.json").read_text())
    assert (facts["kind"], facts["name"], facts["simulated"]) == ("ranks", "simulated_timelines", True)


def test_the_level_of_a_fit_is_30_percent_below_a_random_order_of_the_learned_tasks(planned: Any, row: Any) -> None:
    alone = planned("--model.pairs=[{anchor: image, other: text, weight: 1}]", experiment="du2mce")
    alone.run("ranks")
    data = TimelinesData(row.folder("timelines"), row.folder("pictures") / "features")
    galleries = {task.name: task.gallery_size for task in data.retrieval("validation").tasks}
    assert galleries.keys() == set(TASKS)
    for made, learned in ((row, TASKS), (alone, ["image_text"])):
        random_order = sum((galleries[task] + 1) / 2 / galleries[task] for task in learned)
        assert made.scores("ranks")["fit"]["level"] == pytest.approx(0.7 * random_order)


class Circle:
    """Everything lies on a circle, at an angle of its number."""

    def __init__(self, data: TimelinesData) -> None:
        self.users = len(data.corpus.users)

    def vectors(self, modality: str, batch: PostTriples) -> torch.Tensor:
        found = {"text": batch.text, "image": batch.picture}[modality]
        return self.at(found[found >= 0])

    def user_vectors(self) -> torch.Tensor:
        return self.at(torch.arange(self.users))

    def at(self, number: torch.Tensor) -> torch.Tensor:
        angle = (number.double() + 1) ** 0.5  # no two differences are alike
        return torch.stack([angle.cos(), angle.sin()], dim=1)


def test_every_query_is_ranked_by_angle_among_the_whole_gallery(data: TimelinesData) -> None:
    space, corpus = Circle(data), data.corpus
    found, asked = rank_tasks(space, space.user_vectors(), data, TASKS, "cpu"), data.retrieval("test")
    galleries = {"text_user": np.arange(len(corpus.users)), "image_text": corpus.text[asked.texts]}
    for task in asked.tasks:
        gallery = space.at(torch.from_numpy(np.asarray(galleries.get(task.name, galleries["text_user"])))).numpy()
        queries = (corpus.text if task.name == "text_user" else corpus.picture)[task.queries]
        for number, query in enumerate(queries):
            cosines = gallery @ space.at(torch.tensor([query])).numpy()[0]
            true = cosines[task.true[task.offsets[number] : task.offsets[number + 1]]]
            above, level = (cosines > true[:, None]).sum(1), (cosines == true[:, None]).sum(1)
            ranks = above + (level + 1) / 2
            assert found[task.name].median[number] == pytest.approx(np.median(ranks))
            assert found[task.name].best[number] == pytest.approx(ranks.min())


def test_the_test_ranks_are_those_of_the_checkpoint(row: Any, data: TimelinesData) -> None:
    """The saved users are those of the checkpoint's projection."""
    weights = torch.load(row.folder("embed") / "best.ckpt")["state_dict"]
    users = weights["encoders.user.weight"] @ weights["projections.user.weight"].T
    np.testing.assert_allclose(np.load(row.folder("ranks") / "users.npy"), F.normalize(users).numpy(), atol=1e-6)


def test_average_texts_are_means_of_words(data: TimelinesData) -> None:
    words = torch.tensor([[0.0, 0], [1, 0], [0, 1], [3, 4]])
    space = AverageTexts(words, torch.tensor([[3.0, 4], [0, 2]]))
    batch = PostTriples(
        torch.zeros(0, 1), torch.tensor([[1, 2, 0], [3, 0, 0]]), *[torch.zeros(2, dtype=torch.long)] * 3
    )
    torch.testing.assert_close(space.vectors("text", batch), torch.tensor([[0.5**0.5, 0.5**0.5], [0.6, 0.8]]))
    torch.testing.assert_close(space.user_vectors(), torch.tensor([[0.6, 0.8], [0, 1]]))


def test_avg_text_knows_texts_and_users_alone(planned: Any, row: Any) -> None:
    made = untrained(planned, "average_text")
    scores, ranks = made.scores("ranks"), row.scores("ranks")
    assert scores["text_user"]["mean_median_rank"] > 1
    assert [scores[task][name] for task in TASKS[1:] for name in STATISTICS] == [None] * 12
    assert scores["test"] == {"text_user": scores["text_user"]["mean_median_rank"]} | dict.fromkeys(
        [*TASKS[1:], "joint"]
    )
    for task in TASKS:
        assert [scores[task][name] for name in ("queries", "gallery")] == [
            ranks[task][name] for name in ("queries", "gallery")
        ]
    means = np.load(row.folder("user_start") / "vectors.npy")
    np.testing.assert_allclose(
        np.load(made.folder("ranks") / "users.npy"), means / np.linalg.norm(means, axis=1, keepdims=True), rtol=1e-5
    )


def test_avg_image_is_the_mean_of_a_users_training_pictures(planned: Any, data: TimelinesData) -> None:
    made = untrained(planned, "average_image")
    users, corpus = np.load(made.folder("ranks") / "users.npy"), data.corpus
    features, _ = FeatureStore(made.folder("pictures") / "features").take(corpus.pictures)
    for user in range(len(corpus.users)):
        posts = [post for post in corpus.rows("train") if corpus.user[post] == user and corpus.picture[post] >= 0]
        if posts:
            mean = features.flatten(1).numpy()[corpus.picture[posts]].mean(0)
            np.testing.assert_allclose(users[user], mean / np.linalg.norm(mean), rtol=1e-3, atol=1e-5)
    assert made.scores("ranks")["test"]["text_user"] is None
    assert made.scores("ranks")["image_user"]["mean_median_rank"] > 1
    batch = PostTriples(torch.tensor([[3.0, 4]]), torch.zeros(0, 1), *[torch.zeros(1, dtype=torch.long)] * 3)
    torch.testing.assert_close(AveragePictures(torch.ones(1, 2)).vectors("image", batch), torch.tensor([[0.6, 0.8]]))


def test_chance_ranks_nothing(planned: Any, row: Any) -> None:
    made = untrained(planned, "chance")
    scores = made.scores("ranks")
    for task in TASKS:
        assert scores[task]["mean_median_rank"] == scores[task]["chance"] == row.scores("ranks")[task]["chance"]
        assert [own[0] for own in ranks_of(made.folder("ranks"), task)] == [
            own[0] for own in ranks_of(row.folder("ranks"), task)
        ]
    assert not (made.folder("ranks") / "users.npy").exists()


def test_the_job_of_the_ranks_can_be_described(row: Any) -> None:
    plan = row.stages["ranks"].description(row.store)
    assert job_of(row.folder("ranks"), plan).folders["trained"] == row.folder("embed")
