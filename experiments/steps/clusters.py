"""Stage that asks whether clusters of users are those of their interests (DU2MCE, section 4.5.1). Imports no torch."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from datamodules.timelines import Timelines
from experiments.stage import Job
from experiments.steps.rank_scores import pass_on
from experiments.wiring import filled

SET = "timelines"  # of the simulated network's posts


def clusters(job: Job) -> None:
    """Leave what the row left, with the part "clusters": k-means on the users' vectors against their main interests.

    The adjusted mutual information is 0 where clusters tell nothing of interests, 1 where they are the same.

    Settings:
        timelines: the corpus, whose users are the rows of the vectors.
        truth: of the simulated network.
        users: folder with `users.npy`.
        row: folder with the row's metrics.
        clusters: number of clusters.
        seed: of k-means.
    """
    settings = filled(job.settings, job.folders)
    users = Timelines(Path(settings["timelines"])).users
    main = main_interests(Path(settings["truth"]), users)
    vectors: NDArray[np.float32] = np.load(Path(settings["users"]) / "users.npy")
    found = KMeans(settings["clusters"], n_init=10, random_state=settings["seed"]).fit_predict(vectors)
    score = float(adjusted_mutual_info_score(main, found))
    pass_on(Path(settings["row"]), job.folder, "clusters", {"ami": score, "clusters": settings["clusters"]})
    print(f"{settings['clusters']} clusters of {len(users):,} users: adjusted mutual information {score:.3f}")


def main_interests(truth: Path, users: list[str]) -> list[str]:
    """Each user's first interest; KeyError names one that the network does not have."""
    table = pq.read_table(truth, filters=[("set", "==", SET)], columns=["user", "interests"])
    pairs = zip(table["user"].to_pylist(), table["interests"].to_pylist(), strict=True)
    first = {user: interests[0] for user, interests in pairs}
    return [first[user] for user in users]
