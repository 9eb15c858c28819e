"""Mirrors experiments/du2mce.py: which stages a row has, and what rows share. Nothing is trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.runs import plan
from experiments.stages import Stage, ordered

TEXT_USER = "--model.pairs=[{anchor: text, other: user, weight: 1}]"
SOME = "--protocol.network.timelines=100"  # posts; without any, and without prepared ones, there is nothing to plan
CORPUS = ["network", "posts", "corpus", "pretrain", "pictures", "timelines"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def planned(store: Path, *words: str, experiment: str = "du2mce", seed: int = 0, profile: str = "demo") -> list[Stage]:
    return plan(experiment, profile, words, seed, store)


def names(stages: list[Stage]) -> list[str]:
    return [stage.name for stage in ordered(stages)]


def test_own_posts_in_the_demo_profile_are_told_the_way_out(store: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text('{"name": "mine"}')
    posts = f"--protocol.posts={tmp_path}"
    with pytest.raises(ValueError, match=r"on simulated posts alone: take --profile offline with --protocol\.image\.w"):
        planned(store, posts)
    with pytest.raises(ValueError, match=r"protocol\.pretrain is off; take --profile offline"):
        planned(store, posts, "--protocol.pretrain=false")


def model(stage: Stage) -> dict[str, Any]:
    arguments: dict[str, Any] = stage.settings["model"]["init_args"]
    return arguments


def weights(stage: Stage) -> list[tuple[str, str, float]]:
    return [(pair["anchor"], pair["other"], pair["weight"]) for pair in model(stage)["pairs"]]


def test_the_defaults_are_the_best_row_with_sections_4_1_and_4_3(store: Path) -> None:
    embed, ranks = planned(store, SOME, profile="paper")
    assert weights(embed) == [("text", "user", 0.1), ("image", "text", 0.45), ("image", "user", 0.45)]
    arguments, data = model(embed), embed.settings["data"]["init_args"]
    sizes = ("picture_size", "size", "margin", "lr", "decay_every", "negatives", "hardest", "both_directions", "bias")
    assert [arguments[name] for name in sizes] == [2048, 1024, 0.2, 5e-4, 10, "distinct", False, False, False]
    encoder = arguments["text"]["init_args"]
    assert (encoder["widths"], encoder["filters"], encoder["trainable"]) == ([2, 3, 4], [512, 256, 256], False)
    assert (data["batch_size"], data["words"]) == (1000, 20)
    assert arguments["tasks"] == data["tasks"] == ["text_user", "image_text", "image_user"]
    assert (embed.settings["monitor"], embed.settings["mode"]) == ("val/joint", "min")
    corpus = embed.inputs["timelines"].settings
    assert (corpus["accounts"]["min_posts"], corpus["texts"]["min_count"]) == (21, 5)
    shares = ("by", "test", "validation", "pairs", "validation_posts")
    assert [corpus["shares"][name] for name in shares] == ["pictures", 0.2, 0.02, 5000, None]
    assert embed.inputs["pictures"].settings["encoder"]["name"] == "resnet152.tv_in1k"
    words, start = embed.inputs["word_vectors"].settings, embed.inputs["user_start"].settings
    assert ([words[name] for name in ("size", "window", "negative", "epochs")], start["start"]) == (
        [300, 5, 5, 5],
        "mean",
    )
    assert ranks.settings["checkpoint"] == "{trained}/best.ckpt"
    assert ranks.inputs["trained"] == embed


def test_a_row_is_prepared_trained_and_ranked(store: Path) -> None:
    assert names(planned(store)) == [*CORPUS, "word_vectors", "user_start", "embed", "ranks"]
    assert [stage.name for stage in planned(store)] == ["embed", "ranks"]


def test_bridging_goes_on_from_the_row_of_text_and_user(store: Path) -> None:
    first, second, ranks = planned(store, "--protocol.source=bridging")
    assert first.fingerprint == planned(store, TEXT_USER)[0].fingerprint, "trained once"
    assert (weights(second), model(second)["frozen"]) == ([("image", "text", 1.0)], ["text", "user"])
    assert (second.settings["start"], second.inputs["first"]) == ("{first}/best.ckpt", first)
    assert ranks.inputs["trained"] == second
    assert [stage.name for stage in (first, second, ranks)] == ["embed", "bridge", "ranks"]
    same = planned(store, "--protocol.source=bridging", "--model.pairs=[{anchor: image, other: user, weight: 1}]")
    assert same[-1].fingerprint == ranks.fingerprint


def test_rows_without_training_read_no_more_than_they_need(store: Path) -> None:
    (texts,) = planned(store, "--protocol.source=average_text")
    (pictures,) = planned(store, "--protocol.source=average_image")
    (chance,) = planned(store, "--protocol.source=chance")
    assert names([texts]) == [*CORPUS, "word_vectors", "user_start", "ranks"]
    assert names([pictures]) == names([chance]) == [*CORPUS, "ranks"]
    for row, source in ((texts, "average_text"), (pictures, "average_image"), (chance, "chance")):
        changed = planned(store, f"--protocol.source={source}", "--model.size=8", "--trainer.max_epochs=1")
        assert changed[-1].fingerprint == row.fingerprint
    again = planned(store, "--protocol.source=average_text", "--protocol.user_start=random")
    assert again[-1].fingerprint == texts.fingerprint, "users are means there whatever the table starts from"


def test_users_can_start_at_random(store: Path) -> None:
    mean, random = planned(store), planned(store, "--protocol.user_start=random")
    assert random[0].inputs["user_start"].settings["start"] == "random"
    assert random[0].inputs["word_vectors"] == mean[0].inputs["word_vectors"]
    assert random[0].fingerprint != mean[0].fingerprint


def test_interests_come_after_the_ranks_of_rows_that_have_vectors(store: Path) -> None:
    for source, before in (("network", ["embed", "ranks"]), ("average_image", ["ranks"])):
        stages = planned(store, "--protocol.interests=true", f"--protocol.source={source}")
        assert [stage.name for stage in stages] == [*before, "interests"]
        assert stages[-1].inputs["ranks"] == stages[-2]
        assert (stages[-1].settings["folds"], stages[-1].settings["C"]) == (5, 1.0)
    chance = planned(store, "--protocol.interests=true", "--protocol.source=chance")
    assert [stage.name for stage in chance] == ["ranks"]


def test_without_posts_there_is_no_plan(store: Path) -> None:
    with pytest.raises(ValueError, match=r"no posts: give prepared ones, --protocol.posts=FOLDER .* or --profile demo"):
        planned(store, profile="paper")


def test_the_fashion_corpus_trains_on_all_but_10000_posts_with_equal_weights(store: Path) -> None:
    embed, *_, last = planned(store, SOME, experiment="du2mce_interests", profile="paper")
    assert last.name == "interests"
    assert {weight for _, _, weight in weights(embed)} == {1 / 3}
    shares = embed.inputs["timelines"].settings["shares"]
    assert shares["validation_posts"] == 10_000


def test_flickr8k_has_pictures_and_texts_alone(store: Path) -> None:
    embed = planned(store, SOME, experiment="du2mce_flickr8k", profile="paper")[0]
    assert weights(embed) == [("image", "text", 1.0)]
    assert model(embed)["tasks"] == ["image_text", "text_image"]
    corpus = embed.inputs["timelines"].settings
    assert (corpus["accounts"]["min_posts"], corpus["shares"]["by"], corpus["shares"]["protocol"]) == (
        0,
        "prepared",
        "paper",
    )


def test_the_seed_moves_training_and_the_network_only_where_claims_ask(store: Path) -> None:
    first, second = planned(store, seed=0), planned(store, seed=1)
    assert first[0].fingerprint != second[0].fingerprint
    assert first[0].inputs == second[0].inputs
    assert (second[0].settings["seed"], second[0].settings["data"]["init_args"]["seed"]) == (1, 1)
    other = planned(store, "--protocol.network_follows_seed=true", seed=1)
    for name in ("timelines", "pictures", "word_vectors", "user_start"):
        assert other[0].inputs[name].fingerprint != first[0].inputs[name].fingerprint


def test_early_stopping_watches_the_joint_score(store: Path) -> None:
    (embed, _) = planned(store, "--protocol.early_stop=3")
    assert embed.settings["early_stop"] == {"monitor": "val/joint", "mode": "min", "patience": 3}
    assert planned(store)[0].settings["early_stop"] == {}


def test_timelines_of_ones_own_take_the_place_of_the_networks(store: Path, tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "dataset.json").write_text(json.dumps({"name": "memes"}))
    words = (f"--protocol.posts={tmp_path / 'posts'}", "--protocol.pretrain=false", "--protocol.image.weights=mine")
    embed, ranks = planned(store, *words)
    assert "network" not in names([embed, ranks])
    assert (ranks.settings["name"], ranks.settings["simulated"]) == ("memes", False)
    assert embed.inputs["timelines"].files["posts"] == str(tmp_path / "posts")
    with pytest.raises(ValueError, match=r"on simulated posts alone: take --profile offline with --protocol\.image\.w"):
        planned(store, words[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data.seed=3"], "data.seed is set by the plan; use --seeds"),
        (["--protocol.posts=nowhere"], "nowhere/dataset.json: no prepared data set"),
        (
            ["--protocol.source=bridging", "--model.frozen=[image]"],
            "model.frozen is set by the plan of --protocol.source",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(words: list[str], message: str, store: Path) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        planned(store, *words)


def test_clusters_of_users_are_compared_where_the_network_tells_their_interests(store: Path) -> None:
    asked = ("--protocol.clusters=10", "--protocol.interests=true")
    embed, ranks, interests, found = planned(store, *asked)
    assert [stage.name for stage in (embed, ranks, interests, found)] == ["embed", "ranks", "interests", "clusters"]
    assert (found.inputs["ranks"], found.inputs["row"]) == (ranks, interests), (
        "vectors of the one, metrics of the other"
    )
    (chance,) = planned(store, *asked, "--protocol.source=chance")
    assert chance.settings["clusters"] == 10
