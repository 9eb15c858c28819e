"""Mirrors experiments/report.py, experiments/figures.py and experiments/results.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.documents import Block, Document, html
from experiments.figures import attention_figure, confusion_figure, plain
from experiments.report import choose_posts, main
from experiments.results import PredictedPost, read_facts, read_metrics, read_predictions, with_content


def _post(post: str, gold: int, predicted: int, *weights: float) -> PredictedPost:
    return PredictedPost(post, "test", gold, predicted, [], ["comment"] * len(weights), list(weights), [])


def _drawn(figure) -> list[str]:
    """All texts of a figure."""
    return [text.get_text() for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]]


def test_report_shows_metrics_confusion_and_posts(tmp_path: Path, capsys, stage) -> None:
    folder = stage(tmp_path / "student", simulated=True)
    base = stage(tmp_path / "base", 0.6, seed=3)
    assert main([str(folder), "--base", str(base), "--posts", "2"]) == 0
    out = folder / "report"
    names = {"report.html", "report.md", "confusion.png", "post-1.png", "post-2.png"}
    assert {path.name for path in out.iterdir()} == names
    page = (out / "report.html").read_text()
    assert "msd (simulated)" in page
    assert "nothing here is comparable" in page
    for name in ("confusion.png", "post-1.png"):
        assert f'src="{name}"' in page
        with Image.open(out / name) as image:
            assert min(image.size) > 400
    assert f"{100 * read_metrics(folder)['f1']:.2f}" in (out / "report.md").read_text()
    assert str(out / "report.html") in capsys.readouterr().out


def test_posts_that_ours_alone_gets_right_come_first() -> None:
    ours = [_post("a", 0, 0), _post("b", 1, 0), _post("c", 1, 1), _post("d", 2, 0)]
    base = {post.id: post for post in [_post("a", 0, 0), _post("b", 1, 1), _post("c", 1, 0), _post("d", 2, 1)]}
    assert [post.id for post in choose_posts(ours, base)] == ["c", "b", "d"]


def test_without_another_classifier_the_widest_attention_comes_first() -> None:
    posts = [_post("a", 0, 0, 0.5, 0.5), _post("b", 0, 0, 0.9, 0.1), _post("c", 0, 0)]
    assert [post.id for post in choose_posts(posts, {})] == ["b", "a", "c"]


def test_attention_picture_has_all_comments_weights_and_verdicts() -> None:
    post = PredictedPost("x", "test", 1, 0, [0.7, 0.3], ["costs $5 and $6", "owl"], [0.25, 0.75], [0.6, 0.4], "a text")
    drawn = _drawn(attention_figure(post, ["no", "yes"], _post("x", 1, 1)))
    for piece in ["costs $5 and $6", "owl", "0.25", "0.75", "0.60", "0.40", "a text", "no picture"]:
        assert piece in drawn
    assert {"gold: yes", "ours: no (70 %)", "base: yes"} <= set(drawn)
    assert {"by picture", "by text"} <= set(drawn)


def test_attention_picture_leaves_out_a_column_that_the_classifier_lacks() -> None:
    drawn = _drawn(attention_figure(_post("x", 0, 0, 1.0), ["no", "yes"]))
    assert "by picture" in drawn
    assert "by text" not in drawn


def test_no_comment_no_text_and_a_lost_picture_are_said(tmp_path: Path) -> None:
    post = PredictedPost("x", "test", -100, 0, [], [], [], [], None, tmp_path / "lost.png")
    drawn = " ".join(_drawn(attention_figure(post, ["no", "yes"])))
    for piece in ["no comments", "(no text)", "no such picture", "gold: unknown"]:
        assert piece in drawn


@pytest.mark.parametrize("text", ["W" * 300, "word " * 200, "i" * 2000])
def test_no_comment_runs_into_the_weights(text: str) -> None:
    figure = attention_figure(PredictedPost("x", "test", 0, 0, [], [text, "b"], [0.5, 0.5], [], text), ["no", "yes"])
    figure.canvas.draw()
    axes = figure.axes[1]
    cells = min(patch.get_window_extent().x0 for patch in axes.patches)
    (comment,) = [at for at in axes.texts if at.get_text().startswith(text[:4]) and len(at.get_text()) > 9]
    assert comment.get_window_extent().x1 < cells
    caption = [at for at in figure.texts if at.get_text().startswith(text[:4])]
    assert max(at.get_window_extent().x1 for at in caption) < axes.texts[0].get_window_extent().x0


def test_characters_that_the_font_lacks_become_a_square() -> None:
    assert plain("snow\n owl 龘") == "snow owl ▫"


def test_confusion_picture_has_counts_and_shares_of_the_gold_class() -> None:
    drawn = _drawn(confusion_figure(np.array([[3.0, 1.0], [0.0, 0.0]]), ["no", "yes"], "msd"))
    assert {"3\n75 %", "1\n25 %", "0\n0 %"} <= set(drawn)


def test_weights_of_padding_are_cut_off(tmp_path: Path, stage) -> None:
    for post in read_predictions(stage(tmp_path / "stage")):
        assert len(post.image_attention) == len(post.comments)


def test_texts_and_pictures_come_from_the_prepared_data_set(tmp_path: Path, stage) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datamodules.posts import SCHEMA, VERSION

    folder = tmp_path / "prepared"
    (folder / "posts").mkdir(parents=True)
    info = {"name": "msd", "version": VERSION, "media_root": str(tmp_path), "tasks": {}}
    (folder / "dataset.json").write_text(json.dumps(info))
    media = [{"path": "a.jpg", "kind": "image", "descriptions": None, "attributes": None}]
    rows = [{"id": f"msd/{number}", "text": f"text {number}", "media": media} for number in range(60)]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "posts" / "part-0.parquet")
    finished = stage(tmp_path / "stage", benchmark=folder)
    posts = with_content(read_predictions(finished)[3:5], read_facts(finished).benchmark)
    assert [(post.text, post.picture) for post in posts] == [
        ("text 3", tmp_path / "a.jpg"),
        ("text 4", tmp_path / "a.jpg"),
    ]
    assert with_content(posts, tmp_path / "gone") == posts


def test_the_part_test_is_the_default_and_others_are_named(tmp_path: Path, stage, capsys) -> None:
    folder = stage(tmp_path / "stage")
    scores = read_metrics(folder)
    views = {"pair": scores, "text": dict.fromkeys(scores), "test": scores}
    (folder / "metrics.json").write_text(json.dumps(views))
    assert main([str(folder), "--posts", "1"]) == 0
    assert "## test posts, in percent" in (folder / "report" / "report.md").read_text()
    (folder / "metrics.json").write_text(json.dumps({"validation": scores} | views))
    with pytest.raises(SystemExit):
        main([str(folder), "--part", "all"])
    assert "no part 'all'; there are validation, pair, text, test" in capsys.readouterr().err


def test_a_score_that_does_not_apply_is_said(tmp_path: Path, stage) -> None:
    folder = stage(tmp_path / "stage")
    (folder / "metrics.json").write_text(json.dumps({"test": {"f1": None, "accuracy": 0.5}}))
    assert main([str(folder), "--posts", "1"]) == 0
    (line,) = [line for line in (folder / "report" / "report.md").read_text().splitlines() if "| ours" in line]
    assert [cell.strip() for cell in line.split("|")[3:5]] == ["n/a", "50.00"]


def test_columns_of_words_are_left_aligned_in_html() -> None:
    page = html(Document("t", [], [Block("b", ["Word", "Near", "Count"], [["owl", "<nest>", "3"]])]))
    assert '<td class="word">owl</td><td class="word">&lt;nest&gt;</td><td>3</td>' in page


def test_a_folder_of_no_finished_stage_is_named(tmp_path: Path, capsys, stage) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert f"error: {tmp_path}/dataset.json: not there; a finished" in capsys.readouterr().err
    folder = stage(tmp_path / "stage")
    with pytest.raises(SystemExit):
        main([str(folder), "--base", str(stage(tmp_path / "other", posts=30))])
    assert "test posts are not those of" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"metrics.json: no part 'train'; there are test, validation"):
        read_metrics(folder, "train")


def test_a_classifier_without_comments_shows_its_surest_mistakes() -> None:
    posts = [
        PredictedPost(f"p/{number}", "test", 0, predicted, [1 - sure, sure], [], [], [])
        for number, (predicted, sure) in enumerate([(0, 0.9), (1, 0.6), (1, 0.8), (0, 0.7)])
    ]
    assert [post.id for post in choose_posts(posts, {})] == ["p/2", "p/1", "p/0", "p/3"]
