"""experiments/bench.py and experiments/benchmarks: both sides of each comparison compute the same; nothing is timed."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from encoders.text_cnn import SentenceCNN
from experiments import bench
from experiments.benchmarks import (
    consensus_ranking,
    corpus_preparation,
    distinct_comments,
    emotion_epoch,
    image_features,
    lightning_loop,
    model_a_step,
    next_words,
    other_classes,
    padding,
    page,
    ranking_losses,
    recurrent_unit,
    sparse_words,
    startup,
    text_convolutions,
    user_ranks,
    users_epoch,
    words_per_second,
)
from experiments.benchmarks.emotion_posts import COMMON_SPACE, EARLY, JOINT, NEGATIVES, Head
from experiments.benchmarks.material import Material, Sizes, read_tweets
from experiments.benchmarks.pins_network import PinsNetwork, PinsSizes
from experiments.benchmarks.timelines_network import TimelinesSizes
from experiments.benchmarks.timing import Comparison, Sides, Wanted, alternating

CPU = torch.device("cpu")
TINY_PINS = PinsSizes(
    words=300, embedding=6, state=10, bits=20, negatives=40, batch=8, length=5, sentences=44, prepared=700
)
TINY_TIMELINES = TimelinesSizes(
    users=40, size=12, picture=16, words=30, word=8, length=5, filters=(4, 3, 3), batch=30, steps=3, anchors=4,
    queries=9, all_queries=18,
)  # fmt: skip
TINY = Sizes(
    labelled=20, corpus=30, layers=1, width=32, dropout=0.0, batch_size=4, image_network="test_resnet", image_size=96,
    side=64, few=6, texts=20, rows=8, pools=3, pool_size=6, repeats=1, lightning_steps=4, demo_steps=3,
    demo_batch_size=8, emotion_posts=80, words=200, words_width=8, words_dropout=0.0,
    pins=TINY_PINS, timelines=TINY_TIMELINES,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    torch.manual_seed(0)
    return Material(tmp_path_factory.mktemp("bench"), TINY, CPU)


def test_an_epoch_has_the_same_losses_with_stored_and_with_computed_image_features(material: Material) -> None:
    sides = image_features.sides(material)
    computed, stored = torch.stack(sides.first()), torch.stack(sides.second())
    assert len(stored) == 2
    torch.testing.assert_close(computed, stored, rtol=1e-3, atol=1e-4)  # stored in half precision


def test_bucketed_texts_have_the_vectors_of_padded_ones(material: Material) -> None:
    encoding = padding.Encoding(material, [*material.tweets[:30], "", *material.comments[:30], "dock " * 80])
    padded, bucketed = encoding.padded(), encoding.bucketed()
    assert padded.shape == (62, TINY.width)
    torch.testing.assert_close(padded, bucketed, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("drop", [0.5, 0.0])
def test_a_step_is_the_same_with_each_comment_encoded_once_or_at_each_occurrence(
    material: Material, drop: float
) -> None:
    batch = distinct_comments.student_batch(material, drop)
    each = distinct_comments.per_occurrence(batch)
    assert len(each.comments[0]) == (batch.comment_weight > 0).sum() > len(batch.comments[0])
    sides = distinct_comments.sides(material, batch)
    for _ in range(2):  # equal gradients, or the second loss would differ
        torch.testing.assert_close(sides.first(), sides.second(), rtol=1e-4, atol=1e-5)


def test_both_ways_rank_the_same_comments_with_the_same_consensus(material: Material) -> None:
    sides = consensus_ranking.sides(material)
    for (slow, slow_scores), (fast, fast_scores) in zip(sides.first(), sides.second(), strict=True):
        np.testing.assert_array_equal(slow, fast)
        np.testing.assert_allclose(slow_scores, fast_scores, atol=1e-6)


def test_lightning_and_the_bare_loop_reach_the_same_weights(material: Material) -> None:
    found = lightning_loop.trained(material, material.demo_weights, batch_size=4, steps=5)
    assert len(found.lightning_seconds) == len(found.bare_seconds) == 4  # two epochs of three, first steps left out
    for ours, theirs in zip(found.lightning.parameters(), found.bare.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("head", [EARLY, JOINT, COMMON_SPACE], ids=lambda head: head.name)
def test_lightning_and_the_bare_loop_reach_the_same_weights_of_emotions_heads(material: Material, head: Head) -> None:
    before = [parameter.clone() for parameter in material.emotion_posts.classifier(head).encoders.parameters()]
    found = emotion_epoch.trained(material, head, epochs=2)
    assert len(found.lightning_seconds) == len(found.bare_seconds) == 4  # two epochs of three, first steps left out
    for ours, theirs in zip(found.lightning.parameters(), found.bare.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)
    assert not torch.equal(next(found.bare.get_submodule("encoders").parameters()), before[0])  # it was trained


def test_negatives_are_usable_posts_of_other_classes_drawn_at_once_or_one_by_one() -> None:
    label, usable = other_classes.labelled(300)
    assert not usable.all()
    sides = other_classes.sides(300)
    for drawn in (sides.first(), sides.second()):
        assert drawn.shape == (300, NEGATIVES)
        assert (label[drawn] != label[:, None]).all()
        assert usable[drawn].all()


def test_sparse_and_dense_gradients_of_words_reach_the_same_losses(material: Material) -> None:
    sides = sparse_words.sides(material)
    losses = [(sides.first(), sides.second()) for _ in range(3)]  # equal gradients, or the second would differ
    for dense, sparse in losses:
        torch.testing.assert_close(dense, sparse, rtol=1e-5, atol=1e-6)
    assert losses[2][0] != losses[0][0]


@pytest.mark.parametrize("kind", [next_words.PlainLookUps, next_words.NextWords], ids=lambda kind: kind.__name__)
def test_sparse_and_dense_gradients_of_the_soft_max_reach_the_same_losses(
    material: Material, kind: type[next_words.NextWords]
) -> None:
    sides = next_words.of_gradients(material.pins, CPU, kind)
    losses = [(sides.first(), sides.second()) for _ in range(4)]  # equal gradients, or the second would differ
    for dense, sparse in losses:
        torch.testing.assert_close(dense, sparse, rtol=1e-5, atol=1e-6)
    assert losses[3][0] != losses[0][0]


def test_the_soft_max_over_some_words_and_the_one_over_all_of_them_learn_the_next_words(material: Material) -> None:
    models = {negatives: next_words.trainee(material.pins, CPU, negatives=negatives) for negatives in (True, False)}
    batch = material.pins.batch
    before, found = dict[bool, float](), dict[bool, float]()
    for negatives, trainee in models.items():
        before[negatives] = trainee.model.exact_terms(batch)[0].mean().item()
        for _ in range(300):
            trainee.step(batch)
        found[negatives] = trainee.model.exact_terms(batch)[0].mean().item()
    assert before[True] == before[False] == pytest.approx(np.log(300), rel=1e-2)
    assert found[False] < found[True] < 0.4 * before[True]  # by the exact soft-max, which one of them minimises


def test_a_turn_over_all_words_is_one_step_and_one_over_some_many(material: Material) -> None:
    sides = next_words.of_sampling(material.pins, CPU, steps=3)
    assert [len(side()) for side in (sides.first, sides.second)] == [1, 3]


def test_a_fresh_process_tells_what_a_step_holds(tmp_path: Path) -> None:
    here = np.ones(2**26)  # half a gigabyte of this process, which is none of the other's
    held = next_words.extra_memory(PinsNetwork(tmp_path, TINY_PINS))
    assert held is None or 0 < held < here.nbytes / 1e9 / 2


def test_the_products_of_model_a_are_all_that_a_step_multiplies(material: Material) -> None:
    network = material.pins
    # which it does not know
    in_place = {torch.ops.aten.addmm_: lambda own, left, right, **rest: 2 * left[0] * left[1] * right[1]}
    with FlopCounterMode(display=False, custom_mapping=in_place) as counted:
        model_a_step.sides(network, CPU).first()
    listed = model_a_step.products(network.sizes, network.batch)
    assert counted.get_total_flops() == sum(one.operations for one in listed)
    assert model_a_step.sides(network, CPU).second() is None


def test_the_tables_update_is_the_optimisers(material: Material) -> None:
    sides = model_a_step.of_tables(material.pins, CPU)
    before = sides.second()
    sides.first()  # one more update with the same gradients
    assert sides.second() != before


@pytest.mark.parametrize("steps", [recurrent_unit.full(TINY_PINS), recurrent_unit.drawn(TINY_PINS)], ids=str)
def test_both_recurrent_units_compute_the_same_with_open_reset_gates(steps: list[int]) -> None:
    sides = recurrent_unit.sides(TINY_PINS, steps, CPU, reset_bias=50.0)
    for ours, theirs in zip(sides.first(), sides.second(), strict=True):
        assert len(ours) == sum(steps)
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_lengths_are_drawn_between_their_bounds() -> None:
    steps = recurrent_unit.drawn(PinsSizes())
    assert steps[:4] == [256] * 4
    assert len(steps) == 20
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] > 0
    assert recurrent_unit.full(PinsSizes()) == [256] * 12


def test_model_a_and_gensim_learn_from_the_same_words(tmp_path: Path) -> None:
    network = PinsNetwork(tmp_path, TINY_PINS)
    start = network.embeddings().table.weight
    found = words_per_second.trained(network, CPU)
    words = sum(len(batch.words) - len(batch.last) for batch in network.data.train_dataloader())
    assert words == found.gensim.corpus_total_words == 44 * 5
    assert len(found.lightning_seconds) == len(found.gensim_seconds) == 2
    assert found.lightning.table.weight.isfinite().all()
    changed = (found.lightning.table.weight != start).any(1)
    assert changed[[int(word[1:]) for word in found.gensim.wv.index_to_key]].all()


def test_one_process_and_two_prepare_the_same_corpus(tmp_path: Path) -> None:
    first, second = corpus_preparation.compared(tmp_path, sentences=700)
    names = [path.relative_to(first.folder) for path in sorted(first.folder.rglob("*")) if path.is_file()]
    assert Path("corpus.json") in names
    for name in names:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_texts_of_like_length_together_have_the_vectors_and_gradients_of_filled_up_ones(material: Material) -> None:
    encoder = SentenceCNN(material.timelines.corpus, filters=TINY_TIMELINES.filters)
    words = text_convolutions.texts(40, TINY_TIMELINES.length, TINY_TIMELINES.words, CPU)
    assert ((words > 0).sum(1) > 0).all()
    sides = text_convolutions.sides(encoder, words)
    for filled_up, together in zip(sides.first(), sides.second(), strict=True):
        assert filled_up.any()
        torch.testing.assert_close(together, filled_up)


@pytest.mark.parametrize("dtype", ranking_losses.TOLERANCES, ids=str)
def test_the_ranking_loss_and_its_definition_are_equal(dtype: torch.dtype) -> None:
    found, bars = ranking_losses.differences(TINY_TIMELINES, CPU, dtype), ranking_losses.TOLERANCES[dtype]
    assert found.sums <= bars.sums
    assert found.gradients <= bars.gradients
    posts = ranking_losses.LossPosts(TINY_TIMELINES, CPU, dtype)
    terms, gradients = posts.loss_by_anchor()
    assert (terms > 0).all()
    assert all(gradient.any() for gradient in gradients)
    assert (posts.loss(posts.own).terms > terms).all(), "some anchors are not all"
    assert posts.anchors(posts.some) == 3 * TINY_TIMELINES.anchors < posts.anchors(posts.own)


@pytest.mark.parametrize(("sums", "gradients"), [(1.0, -1.0), (-1.0, 1.0)])
def test_sums_and_gradients_of_the_ranking_loss_have_a_verdict_each(
    material: Material, sums: float, gradients: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dtype in ranking_losses.TOLERANCES:
        monkeypatch.setitem(ranking_losses.TOLERANCES, dtype, ranking_losses.Bars(sums, gradients))
    _, definition = ranking_losses.measure(material)
    of_sums, of_gradients = ("reached" if bar > 0 else "missed" for bar in (sums, gradients))
    for said in definition.note.split(": ", 1)[1].split(";"):
        assert re.search(rf"\(at most {sums:g}: {of_sums}\) and .* \(at most {gradients:g}: {of_gradients}\)", said)


def test_the_products_of_the_ranking_loss_are_all_that_it_multiplies() -> None:
    posts = ranking_losses.LossPosts(TINY_TIMELINES, CPU)
    with FlopCounterMode(display=False) as counted:
        posts.loss(posts.own)
    assert counted.get_total_flops() == sum(one.operations for one in posts.products())
    assert ranking_losses.sides(TINY_TIMELINES, CPU).second() is None


def test_ranks_are_those_of_the_similarities_that_the_products_give(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, users, true = user_ranks.drawn(TINY_TIMELINES, CPU)
    torch.testing.assert_close(torch.linalg.vector_norm(queries, dim=1), torch.ones(9))
    sides = user_ranks.sides(TINY_TIMELINES, CPU)
    similarity = sides.second()
    torch.testing.assert_close(similarity, queries @ users.T)
    above = similarity > similarity.gather(1, true)
    torch.testing.assert_close(sides.first(), 1.0 + above.sum(1, keepdim=True).double())
    monkeypatch.setattr(user_ranks, "BLOCK", 4 * 40)
    torch.testing.assert_close(user_ranks.products(queries, users)[:1], queries[-1:] @ users.T)


def test_an_epoch_tells_how_long_each_step_waits(material: Material) -> None:
    start = material.timelines.embeddings().state_dict()
    found = users_epoch.trained(material.timelines, CPU)
    assert len(found.losses) == len(found.waiting_seconds) == len(found.step_seconds) == TINY_TIMELINES.steps
    assert all(seconds > 0 for seconds in [*found.waiting_seconds, *found.step_seconds])
    moved = {name for name, value in found.model.state_dict().items() if not torch.equal(value, start[name])}
    assert {"projections.image.weight", "projections.text.weight", "encoders.user.weight"} <= moved


def test_the_command_line_answers_and_bare_python_says_nothing() -> None:
    sides = startup.sides()
    assert "cast_msd" in sides.first()
    assert sides.second() == ""


def test_tweets_are_read_from_mvsas_layout(material: Material) -> None:
    assert len(list(read_tweets(material.folder / "raw" / "mvsa_json"))) >= 10


def test_the_sides_take_turns_in_changing_order() -> None:
    calls: list[str] = []
    alternating(Sides(lambda: calls.append("first"), lambda: calls.append("second")), 3, CPU)
    assert calls == ["first", "second", "second", "first", "first", "second"]


def test_the_page_has_every_row(material: Material, tmp_path: Path) -> None:
    found = bench.measure(material)
    assert len(found) == 32
    assert sum("to a fresh process" in row.note for row in found) in (0, 2)  # no kernel but Linux tells
    page.write(tmp_path / "benchmarks.md", page.device_name(CPU), "python -m experiments.bench", found)
    text = (tmp_path / "benchmarks.md").read_text()
    for row in found:
        assert f"| {row.name} " in text
        assert f"- {row.name}: {row.sizes}." in text
    assert page.device_name(CPU) in text
    assert torch.__version__ in text
    assert page.NO_GPU in text


def row(seconds: float, wanted: Wanted = Wanted()) -> Comparison:
    return Comparison("sorting", "slow", "fast", "10 numbers", seconds, 2.0, wanted)


def test_a_device_replaces_its_own_section_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "benchmarks.md"
    page.write(path, "CPU: A, 2 cores", "old", [row(3.0)])
    page.write(path, "GPU: B", "other", [row(4.0)])
    page.write(path, "CPU: A, 2 cores", "new", [row(5.0)])
    text = path.read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Benchmarks", "## CPU: A, 2 cores", "## GPU: B"
    ]  # fmt: skip
    assert "`new`" in text
    assert "`other`" in text
    assert "`old`" not in text
    assert page.NO_GPU not in text
    assert list(path.parent.iterdir()) == [path]


def test_verdicts_say_what_was_wanted_and_whether_it_is_reached() -> None:
    assert row(6.0, Wanted(least=2.5)).verdict == "at least 2.5: reached"
    assert row(4.0, Wanted(least=2.5)).verdict == "at least 2.5: missed"
    assert row(2.2, Wanted(most=1.05)).verdict == "at most 1.05: missed"
    assert row(0.4, Wanted(seconds=0.5)).verdict == "first below 0.5 s: reached"
    assert row(0.4).verdict == ""
