"""Mirrors experiments/spaces.py, and what du2mce_pages.py and pages.py make of it, on a made-up row."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from datamodules.posts import SCHEMA, VERSION
from encoders.batches import PostTriples
from encoders.features import encode_pictures
from encoders.image import ImageEncoder
from encoders.text_cnn import SentenceCNN
from experiments.du2mce_pages import cluster
from experiments.spaces import Hit, RowSpace, nearest
from experiments.table import main
from lightning_modules.du2mce import UserContentEmbeddings

Runs = Callable[..., dict[tuple[str, int], Path]]
USERS, SIZE = 12, 6
NAMES = ["rose", "storm", "bus", "tower", "golden", "hill", "road", "#sea", "look", "today"]
PICTURES = ["0.png", "1.png", "2.png", "gone.png", "4.png"]  # of one there are no features
# user, picture, words of each post; the fourth is of nobody in the table, the fifth repeats the second's text
POSTS = [
    *[(0, 0, [1, 2]), (0, -1, [3]), (1, 1, [9, 9, 4]), (-1, 2, [5])],
    *[(2, -1, [3]), (3, 3, []), (4, 1, [6, 7, 8]), (5, 4, [9])],
]
TEXT = [0, 1, 2, 3, 1, -1, 4, 5]
FILTERS = [4, 2, 2]


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_plan(folder: Path, settings: dict, **inputs: str) -> None:
    """What a finished stage says of itself; the inputs' paths are of a store that has moved since."""
    free = {"trainer": {"accelerator": "cpu", "devices": 1}, "num_workers": 0, "wandb": "off", "experiment": "du2mce"}
    plan = {"settings": settings, "inputs": {role: f"elsewhere/{name}" for role, name in inputs.items()}}
    write_json(folder / "stage.json", plan | {"files": {}, "free": free})


def write_posts(store: Path) -> None:
    media = store / "media"
    media.mkdir(parents=True)
    colours = np.random.default_rng(0).integers(0, 256, (len(PICTURES), 3)).tolist()
    for name, colour in zip(PICTURES, colours, strict=True):
        Image.new("RGB", (20, 20), tuple(colour)).save(media / name)
    rows = [
        {"id": f"p/{n}", "user": f"u{user}", "text": f"Post {n}!" if n != 2 else None, "media": []}
        for n, (user, _, _) in enumerate(POSTS)
    ]
    (store / "posts-1" / "posts" / "posts").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), store / "posts-1" / "posts" / "posts" / "part-00000.parquet")
    info = {"version": VERSION, "name": "simulated_timelines", "media_root": str(media), "tasks": {}}
    write_json(store / "posts-1" / "posts" / "dataset.json", info)
    write_plan(store / "posts-1", {})


def write_corpus(folder: Path) -> None:
    texts = {"hashtags": "keep", "lemmatiser": "simplemma", "max_overlap": 0.9, "min_count": 5}
    settings = {"texts": texts, "shares": {"pairs": 5000}, "seed": 0, "posts": "simulated_timelines"}
    write_json(folder / "corpus.json", {"version": 1, "settings": settings, "text_queries": "all"})
    user, picture, words = zip(*POSTS, strict=True)
    columns = {"user": user, "picture": picture, "text": TEXT}
    table = {"id": [f"p/{n}" for n in range(len(POSTS))], "part": ["train"] * 7 + ["test"]}
    pq.write_table(
        pa.table(table | {name: pa.array(own, pa.int32()) for name, own in columns.items()}), folder / "posts.parquet"
    )
    np.save(folder / "tokens.npy", np.array([word for own in words for word in own], np.int32))
    np.save(folder / "offsets.npy", np.cumsum([0, *map(len, words)]))
    pq.write_table(pa.table({"user": [f"u{n}" for n in range(USERS)]}), folder / "users.parquet")
    pq.write_table(pa.table({"path": PICTURES}), folder / "pictures.parquet")
    write_words(folder)


def write_words(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"word": ["<pad>", *NAMES], "count": [0, *range(20, 10, -1)]}), folder / "words.parquet")


def write_row(store: Path) -> Path:
    """All that a row's last stage comes from, and it."""
    torch.manual_seed(0)
    write_posts(store)
    write_corpus(store / "timelines-1")
    weights = store / "encoder.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), weights)
    settings = {"name": "test_resnet", "weights": str(weights), "side": 32}
    items = [(name, store / "media" / name if name != "gone.png" else None) for name in PICTURES]
    encode_pictures(store / "pictures-1" / "features", items, ImageEncoder(**settings))
    write_plan(store / "pictures-1", {"posts": "{posts}", "encoder": settings}, posts="posts-1")
    random = np.random.default_rng(0)
    write_words(store / "words-1")
    np.save(store / "words-1" / "vectors.npy", np.vstack([np.zeros(5), random.normal(size=(10, 5))]).astype("f"))
    (store / "start-1").mkdir()
    np.save(store / "start-1" / "vectors.npy", random.normal(size=(USERS, 5)).astype("f"))
    text = partial(SentenceCNN, filters=FILTERS)
    model = UserContentEmbeddings(store / "words-1", store / "start-1", size=SIZE, picture_size=96, text=text)
    (store / "embed-1").mkdir()
    torch.save({"state_dict": model.state_dict()}, store / "embed-1" / "best.ckpt")
    return write_ranks(store)


def write_ranks(store: Path) -> Path:
    text = {"class_path": "encoders.SentenceCNN", "init_args": {"filters": FILTERS}}
    arguments = {"words": "{words}", "users": "{start}", "size": SIZE, "picture_size": 96, "text": text}
    data = {"corpus": "{timelines}", "pictures": "{pictures}/features", "words": 4}
    settings = {
        "model": {"class_path": "lightning_modules.UserContentEmbeddings", "init_args": arguments},
        "data": {"class_path": "datamodules.TimelinesData", "init_args": data},
        "trainer": {"max_epochs": 1},
        **{"seed": 0, "monitor": "val/joint", "mode": "min", "early_stop": {}},
        **{"checkpoint": "{trained}/best.ckpt", "posts": "{posts}"},
    }
    inputs = {name: f"{name}-1" for name in ("words", "start", "timelines", "pictures", "posts")}
    write_plan(store / "ranks-1", settings, trained="embed-1", **inputs)
    facts = {"name": "simulated_timelines", "simulated": True, "classes": [], "kind": "ranks"}
    write_json(store / "ranks-1" / "dataset.json", facts)
    return store / "ranks-1"


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_row(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def space(row: Path) -> RowSpace:
    return RowSpace.open(row)


@pytest.fixture(scope="module")
def model(row: Path) -> UserContentEmbeddings:
    """The checkpoint's, put together here."""
    text = partial(SentenceCNN, filters=FILTERS)
    store = row.parent
    made = UserContentEmbeddings(store / "words-1", store / "start-1", size=SIZE, picture_size=96, text=text)
    made.load_state_dict(torch.load(store / "embed-1" / "best.ckpt", weights_only=True)["state_dict"])
    return made.eval()


def texts_of(model: UserContentEmbeddings, words: list[list[int]]) -> np.ndarray:
    padded = torch.tensor([(own + [0] * 4)[:4] for own in words])
    there, none = torch.arange(len(words)), torch.full((len(words),), -1)
    with torch.no_grad():
        return model.vectors("text", PostTriples(torch.zeros(0, 96), padded, none, there, none)).numpy()


def test_users_are_the_projected_rows_of_the_table(space: RowSpace, model: UserContentEmbeddings) -> None:
    projected = model.encoders["user"].weight @ model.projections["user"].weight.T
    np.testing.assert_allclose(space.user_vectors, F.normalize(projected).detach().numpy(), atol=1e-6)
    assert space.users == [f"u{number}" for number in range(USERS)]


def test_pictures_are_the_distinct_ones_with_features(space: RowSpace, model: UserContentEmbeddings, row: Path) -> None:
    assert space.picture_paths == ["0.png", "1.png", "2.png", "4.png"]
    encoder = ImageEncoder("test_resnet", weights=str(row.parent / "encoder.safetensors"), side=32)
    files = [space.posts.media(path) for path in space.picture_paths]
    with torch.no_grad():
        features = encoder(torch.stack([encoder.preprocess(Image.open(file)) for file in files]))
        expected = F.normalize(features @ model.projections["image"].weight.T)
    np.testing.assert_allclose(space.picture_vectors, expected.numpy(), atol=2e-3)  # features are stored in half
    np.testing.assert_allclose(space.encode_pictures(files[1:3]), space.picture_vectors[1:3], atol=1e-5)
    assert space.encode_pictures([]).shape == (0, SIZE)


def test_texts_are_the_distinct_ones_as_they_were_posted(space: RowSpace, model: UserContentEmbeddings) -> None:
    assert space.post_ids == ["p/0", "p/1", "p/2", "p/3", "p/6", "p/7"]
    expected = texts_of(model, [POSTS[post][2] for post in (0, 1, 2, 3, 6, 7)])
    np.testing.assert_allclose(np.concatenate([*space.blocks("text")]), expected, atol=1e-6)
    assert space.texts([5, 0, 2]) == ["Post 7!", "Post 0!", "look look tower"], "the third is no post's own text"


def test_a_sentence_is_cleaned_as_the_corpus_was(space: RowSpace, model: UserContentEmbeddings) -> None:
    said = "The ROSES, and unheard-of storms!"
    assert space.known_words(said) == ["rose", "storm"]
    np.testing.assert_allclose(space.encode_sentence(said), texts_of(model, [[1, 2]])[0], atol=1e-6)
    assert space.known_words("hill road #sea look today") == ["hill", "road", "#sea", "look"], "cut at four words"


def test_what_can_not_be_placed_is_named(space: RowSpace, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'Quarks!': none of its words is known \(quark\); 10 others are"):
        space.encode_sentence("Quarks!")
    with pytest.raises(ValueError, match="nothing but stop words"):
        space.encode_sentence("and the")
    with pytest.raises(ValueError, match=r"<pad>.*none of its words is known"):
        space.encode_sentence("<pad>")
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"no\.png: "):
        space.encode_pictures([tmp_path / "no.png"])


def test_a_row_is_known_by_its_interests_too_and_one_without_a_model_is_refused(
    row: Path, space: RowSpace, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    store.symlink_to(row.parent)
    write_plan(store / "interests-1", {"ranks": "{ranks}"}, ranks=row.name)
    np.testing.assert_array_equal(RowSpace.open(store / "interests-1").user_vectors, space.user_vectors)
    write_plan(store / "ranks-2", {"posts": "{posts}"}, posts="posts-1")
    with pytest.raises(ValueError, match="nothing was trained for this row"):
        RowSpace.open(store / "ranks-2")
    with pytest.raises(FileNotFoundError, match="no stage"):
        RowSpace.open(tmp_path / "nowhere")


def test_opening_a_row_leaves_its_folder_as_it_was(row: Path) -> None:
    RowSpace.open(row)
    assert sorted(path.name for path in row.iterdir()) == ["dataset.json", "stage.json"]


def test_level_answers_share_a_rank_and_stand_in_their_order() -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0], [0.6, -0.8], [0.0, 1.0]], np.float32)
    vectors[2, 0] += 1e-8
    hits = nearest([vectors[:3], vectors[3:]], np.array([1.0, 0.0], np.float32), 3)
    assert [(hit.rank, hit.row) for hit in hits] == [(1, 1), (2, 0), (2, 2)]
    assert nearest([vectors], np.array([1.0, 0.0], np.float32), 9)[-1] == Hit(4, 0.0, 3)
    assert nearest([], vectors[0], 5) == []


def test_a_query_may_have_any_length() -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    assert nearest([vectors], np.array([4, 0], np.float32), 2) == [Hit(1, 1.0, 1), Hit(2, pytest.approx(0.6), 0)]


@pytest.fixture
def runs(row: Path) -> Runs:
    """Stands in for `run_rows`."""

    def run(
        experiment: str, rows: Mapping[str, list[str]], seeds: Sequence[int], **how: object
    ) -> dict[tuple[str, int], Path]:
        assert list(seeds) == [0], "pages show one run"
        return {} if how["dry_run"] else {(name, 0): row for name in rows}

    return run


def test_figure_4_shows_the_largest_clusters_without_the_commonest_words(
    runs: Runs, tmp_path: Path, space: RowSpace
) -> None:
    out = tmp_path / "pages" / "figure.md"
    assert main(["du2mce_fig4", "--experiments", "du2mce", "--out", str(out)], run=runs) == 0
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.read_text().splitlines()]
    shown = [line for line in lines if line and line[0].isdigit()]
    expected = cluster(space.user_vectors, 10)[:6]
    assert [line[2] for line in shown] == [str(len(each.users)) for each in expected]
    words = {word for line in shown for word in line[1].split(", ")}
    assert words <= {"", *NAMES[5:]}
    assert words & {*NAMES}
    assert (tmp_path / "pages" / "figure-du2mce.png").stat().st_size > 10_000


def test_figure_5_says_what_is_read_and_which_sentence_is_not(
    runs: Runs, tmp_path: Path, space: RowSpace, capsys
) -> None:
    out = tmp_path / "figure.html"
    assert main(["du2mce_fig5", "--experiments", "du2mce", "--format", "html", "--out", str(out)], run=runs) == 0
    page = out.read_text()
    largest = (space.picture_vectors @ space.encode_sentence("roses in golden sunshine")).max()
    cells = "".join(f'<td class="word">{cell}</td>' for cell in ("roses in golden sunshine", "rose golden"))
    assert f"{cells}<td>{largest:.2f}</td>" in page
    assert "Among 4 distinct pictures" in page
    assert "Left out, none of their words is known: a picnic at nightfall." in page
    assert '<td class="word">a picnic' not in page
    assert (tmp_path / "figure-du2mce.png").is_file()


def test_a_page_wants_a_place_and_a_dry_run_prints_nothing(runs: Runs, capsys) -> None:
    for name in ("du2mce_fig4", "du2mce_fig5"):
        assert main([name, "--dry_run"], run=runs) == 0
        assert capsys.readouterr().out == ""
        with pytest.raises(SystemExit):
            main([name], run=runs)
        assert "say where it goes" in capsys.readouterr().err
