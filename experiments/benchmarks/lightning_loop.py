"""A student's step in Lightning's training loop as stages set it up, against a bare PyTorch loop."""

from functools import partial
from pathlib import Path

from experiments.benchmarks.both_loops import Trained, train
from experiments.benchmarks.material import UNLABELLED_POSTS, Material
from experiments.benchmarks.timing import Comparison, Wanted
from experiments.benchmarks.training import comment_trainee

WANTED = Wanted(most=1.05)


def trained(material: Material, weights: Path, batch_size: int, steps: int) -> Trained:
    """A student after so many steps in both loops."""
    model, data = material.classifier(weights), material.student_data(weights, batch_size)
    folder = material.folder / f"trained-{weights.name}"
    return train(folder, model, partial(comment_trainee, model), data, steps, "val/f1")


def measure(material: Material) -> list[Comparison]:
    """The demo's student, whose steps are as short as they get, and one with a text encoder of a realistic width."""
    sizes = material.sizes
    wide = f"{sizes.layers} layers, {sizes.width} wide"
    return [
        _compared(material, "the demo's student", "2 layers, 64 wide", material.demo_weights, sizes.demo_batch_size,
                  sizes.demo_steps),
        _compared(material, "a wider student", wide, material.text_weights, sizes.batch_size, sizes.lightning_steps),
    ]  # fmt: skip


def _compared(material: Material, name: str, encoder: str, weights: Path, batch_size: int, steps: int) -> Comparison:
    found = trained(material, weights, batch_size, steps)
    lightning, bare = found.sums
    sizes = (
        f"{batch_size} labelled posts and {UNLABELLED_POSTS} unlabelled ones for each; text encoder of {encoder}, "
        f"trained; median of {len(found.bare_seconds)} steps of each loop in turns, batches read in both"
    )
    note = f"Ratio of all steps together, written logs included: {lightning / bare:.3f}. {found.cost}"
    return Comparison(f"step of {name}", "Lightning", "bare loop", sizes, *found.medians, WANTED, note)
