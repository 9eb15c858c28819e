"""Emotion's networks in Lightning's training loop as stages set it up, against a bare PyTorch loop."""

from experiments.benchmarks.both_loops import Trained, train
from experiments.benchmarks.emotion_posts import COMMON_SPACE, EARLY, JOINT, Head
from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Wanted
from experiments.benchmarks.training import emotion_trainee

STEP, EPOCH = Wanted(most=1.05), Wanted(seconds=10)  # an epoch in seconds, not in minutes


def trained(material: Material, head: Head, epochs: int = 1) -> Trained:
    """A head after so many epochs in both loops."""
    posts = material.emotion_posts
    data, model = posts.data(head), posts.classifier(head).to(material.device)
    steps = epochs * len(data.train_dataloader())
    folder = posts.folder / f"trained-{head.name}"
    return train(folder, model, lambda _: emotion_trainee(model), data, steps, "val/accuracy")


def measure(material: Material) -> list[Comparison]:
    """For each head its epoch, and its middle step."""
    return [row for head in (EARLY, JOINT, COMMON_SPACE) for row in _compared(material, head)]


def _compared(material: Material, head: Head) -> list[Comparison]:
    found, posts = trained(material, head), material.emotion_posts
    steps = len(found.bare_seconds)
    network = f"image features {posts.image_size:,} wide, {posts.words:,} words, {posts.text_size} wide"
    epoch = f"{posts.posts:,} posts in steps of 32, g = {head.negatives}; {network}; batches read in both loops"
    step = f"median of the {steps} steps of the epoch above, each loop's in turns"
    loops = "Lightning", "bare loop"
    return [
        Comparison(f"epoch of {head.name}", *loops, epoch, *found.sums, EPOCH, "Its first step is left out."),
        Comparison(f"step of {head.name}", *loops, step, *found.medians, STEP, found.cost),
    ]
