"""Stage of word vectors: the vocabulary of a data set and what its words start from."""

from pathlib import Path

from datamodules.posts import Posts
from encoders.vocabulary import write_vocabulary
from experiments.stage import Job
from experiments.wiring import filled


def words(job: Job) -> None:
    """Words of the training posts, and of the others those with a vector: `words.parquet`, `vectors.npy`."""
    settings = filled(job.settings, job.folders)
    posts = Posts(settings["posts"])
    parts = posts.split(settings["protocol"])
    learned = posts.texts(parts["train"])
    others = [text for part, ids in parts.items() if part != "train" for text in posts.texts(ids)]
    vectors = Path(settings["vectors"]) if settings["vectors"] else None
    facts = write_vocabulary(
        job.folder, learned, others, settings["size"], vectors, settings["min_count"], settings["seed"]
    )
    left_out = sum(facts[part]["left_out"] for part in ("training", "not_in_training"))
    print(
        f"{facts['words']:,} words, {facts['with_vector']:,} with a vector; {left_out:,} occurrences of others left out"
    )
    if facts["broken_lines"]:
        print(f"{vectors}: {facts['broken_lines']:,} broken lines were left out")
