"""A step of common-space fusion: gradients of the words that occur, or of the whole word table."""

from torch import Tensor, nn

from experiments.benchmarks.emotion_posts import COMMON_SPACE
from experiments.benchmarks.material import Material
from experiments.benchmarks.timing import Comparison, Sides, alternating
from experiments.benchmarks.training import emotion_trainee

REPEATS = 10  # they are short


def sides(material: Material) -> Sides[Tensor]:
    """A step of both kinds on the first batch; returns its loss."""
    posts = material.emotion_posts
    model = posts.classifier(COMMON_SPACE).to(material.device)
    dense, sparse = emotion_trainee(model), emotion_trainee(model)
    for part in dense.model.modules():
        if isinstance(part, nn.Embedding):
            part.sparse = False
    batch = sparse.moved(next(iter(posts.data(COMMON_SPACE).train_dataloader())))
    return Sides(lambda: dense.step(batch), lambda: sparse.step(batch))


def measure(material: Material) -> list[Comparison]:
    """One row."""
    first, second = alternating(sides(material), REPEATS, material.device)
    posts = material.emotion_posts
    shown = f"{posts.words:,} words, {posts.text_size} wide; 32 posts, g = {COMMON_SPACE.negatives}; best of {REPEATS}"
    ways = "dense gradients of words", "sparse"
    return [Comparison(f"step of {COMMON_SPACE.name}", *ways, shown, first, second)]
