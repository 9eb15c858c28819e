"""Mirrors datamodules/prepare.py: the same bytes for any number of workers and after any kill."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from datamodules.prepare import main, open_layout, prepare
from datamodules.preparing import Format, Options

KEEP = Options(language="any", keep_without_comments=True, keep_without_pictures=True)


def write_raw(folder: Path, files: int = 6, rows: int = 30) -> Path:
    folder.mkdir()
    Image.new("RGB", (40, 30), "red").save(folder / "a.jpg")
    for file in range(files):
        lines = [
            json.dumps({"id": f"{file}-{n % (rows - 1)}", "user": f"u{n % 7}", "text": f"post {n}", "image": "a.jpg",
                        "comments": ["ha", "hm"], "split": "train" if n % 3 else "test", "labels": {"t": f"c{n % 2}"}})
            for n in range(rows)
        ]  # fmt: skip
        lines[5] = '{"id": "broken"'
        (folder / f"{file}.jsonl").write_text("\n".join(lines))
    return folder


def contents(out: Path) -> dict[str, str]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".arrow" not in path.parts]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def layout(raw: Path) -> Format:
    return open_layout("wild", raw, KEEP)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "raw")


def test_two_workers_write_the_bytes_of_one(raw: Path, tmp_path: Path) -> None:
    one = prepare(layout(raw), tmp_path / "one", max_bad=0.1)
    two = prepare(layout(raw), tmp_path / "two", max_bad=0.1, workers=2)
    assert contents(one.folder) == contents(two.folder)
    assert len(one) == 6 * 28
    assert one.info["dropped"] == {"duplicate id": 6, "not as expected": 6}
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "one", "two"}


def test_a_half_done_run_is_finished_to_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    whole = prepare(layout(raw), tmp_path / "whole", max_bad=0.1)
    with pytest.raises(ValueError, match="6 of 180 records are bad"):
        prepare(layout(raw), tmp_path / "out", max_bad=0.001)
    parts = tmp_path / "out.parts"
    (parts / "000002.json").unlink()  # killed before its marker
    (parts / "000002.parquet").write_bytes(b"half")
    (parts / "000004.json").unlink()
    (parts / "000004.jsonl").unlink()
    (parts / ".000004.json.1.tmp").write_text("{")
    kept = (parts / "000001.parquet").stat().st_mtime_ns
    (tmp_path / "out.partial" / "posts").mkdir(parents=True)
    (tmp_path / "out.partial" / "posts" / "part-000009.parquet").write_bytes(b"half")
    with pytest.raises(ValueError, match="records are bad"):
        prepare(layout(raw), tmp_path / "out", max_bad=0.001)
    assert not list(parts.glob("*.tmp"))
    assert (parts / "000001.parquet").stat().st_mtime_ns == kept  # not made again
    assert contents(prepare(layout(raw), tmp_path / "out", max_bad=0.1).folder) == contents(whole.folder)
    assert not parts.exists()


def test_a_killed_run_is_finished_to_the_same_bytes(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", files=40, rows=200)
    out, parts = tmp_path / "out", tmp_path / "out.parts"
    command = [sys.executable, "-m", "datamodules.prepare", "wild", str(raw), str(out), "--workers=2", "--max_bad=0.1"]
    command += ["--language=any", "--keep_without_comments", "--keep_without_pictures"]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 300  # importing torch may take long on a busy machine
    while len(list(parts.glob("??????.json"))) < 3 and run.poll() is None and time.monotonic() < limit:
        time.sleep(0.001)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert 3 <= len(list(parts.glob("??????.json"))) < 40
    finished = prepare(layout(raw), out, max_bad=0.1)
    assert contents(finished.folder) == contents(prepare(layout(raw), tmp_path / "clean", max_bad=0.1).folder)


def test_parts_of_other_input_are_not_used(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="records are bad"):
        prepare(layout(raw), tmp_path / "out", max_bad=0)
    for file in raw.glob("*.jsonl"):
        file.write_text(json.dumps({"id": file.stem}))
    assert len(prepare(layout(raw), tmp_path / "out")) == 6


def test_too_many_bad_rows_leave_no_folder_and_a_list(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"more than --max_bad 0.01; see .*problems\.jsonl"):
        prepare(layout(raw), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()
    problems = [json.loads(line) for line in (tmp_path / "out.parts" / "problems.jsonl").open()]
    assert [(problem["file"], problem["line"]) for problem in problems] == [(f"{n}.jsonl", 6) for n in range(6)]


def test_a_wrong_picture_folder_is_an_error(tmp_path: Path) -> None:
    rows = [json.dumps({"id": str(n), "text": "t", "image": f"{n}.jpg"}) for n in range(5)]
    (tmp_path / "raw.jsonl").write_text("\n".join(rows))
    with pytest.raises(ValueError, match="the pictures of 5 posts can't be read"):
        prepare(layout(tmp_path / "raw.jsonl"), tmp_path / "out")


def pictured(folder: Path, count: int, there: int, text: str | None = "t") -> Path:
    """Posts with a picture each, of which only some are there."""
    folder.mkdir(exist_ok=True)
    rows = [json.dumps({"id": str(n), "text": text, "image": f"{n}.png"}) for n in range(count)]
    (folder / "posts.jsonl").write_text("\n".join(rows))
    for n in range(there):
        Image.new("RGB", (8, 8), (n, 0, 0)).save(folder / f"{n}.png")
    return folder


PICTURED = Options(language="any", keep_without_comments=True)  # a post without a picture is dropped


@pytest.mark.parametrize("options", [KEEP, PICTURED])
def test_lost_pictures_count_as_bad_and_are_read_again_once_they_are_there(options: Options, tmp_path: Path) -> None:
    raw, out = pictured(tmp_path / "raw", 10, there=6), tmp_path / "out"
    with pytest.raises(ValueError, match="4 of 10 records are bad"):
        prepare(open_layout("wild", raw, options), out)
    pictured(raw, 10, there=10)
    posts = prepare(open_layout("wild", raw, options), out)
    assert (len(posts), posts.info["suspicious"], posts.info["dropped"]) == (10, {}, {})
    assert not (tmp_path / "out.parts").exists()


@pytest.mark.parametrize("text", ["t", None])
@pytest.mark.parametrize("options", [KEEP, PICTURED])
@pytest.mark.parametrize("change", ["changed", "gone", "put in place"])
def test_pictures_that_changed_since_are_noticed(
    change: str, options: Options, text: str | None, tmp_path: Path
) -> None:
    raw, out = pictured(tmp_path / "raw", 4, there=3, text=text), tmp_path / "out"
    opened = open_layout("wild", raw, options)
    prepare(opened, out, max_bad=1)
    prepare(opened, out, max_bad=1)  # nothing changed: as it is
    path = raw / ("3.png" if change == "put in place" else "1.png")
    if change == "gone":
        path.unlink()
    else:
        Image.new("RGB", (9, 9)).save(path)
        os.utime(path, (time.time() + 5, time.time() + 5))
    with pytest.raises(FileExistsError, match=rf"{path.name} .*{change} since"):
        prepare(opened, out, max_bad=1)


def test_the_same_posts_with_another_picture_are_another_data_set(tmp_path: Path) -> None:
    digests = []
    for size in (8, 9):
        raw = pictured(tmp_path / "raw", 1, there=1)
        Image.new("RGB", (size, size)).save(raw / "0.png")
        digests.append(prepare(layout(raw), tmp_path / f"out{size}").info["media"])
    assert digests[0] != digests[1]


def test_no_post_left_is_an_error_and_leaves_no_folder(tmp_path: Path) -> None:
    raw = pictured(tmp_path / "raw", 3, there=3)
    with pytest.raises(ValueError, match=r"no post is left, dropped: \{'no comments': 3\}"):
        prepare(open_layout("wild", raw, Options(language="any")), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


def test_labelled_posts_without_any_split_get_a_random_one(tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": "t", "labels": {"mood": "good"}} for n in range(20)] + [{"id": "w", "text": "t"}]
    (tmp_path / "raw.jsonl").write_text("\n".join(map(json.dumps, rows)))
    parts = prepare(layout(tmp_path / "raw.jsonl"), tmp_path / "out").split("random")
    assert {part: len(ids) for part, ids in parts.items()} == {"train": 16, "validation": 2, "test": 2}


def test_the_summary_says_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = pictured(tmp_path / "raw", 3, there=3)
    words = ["--language=any", "--keep_without_comments"]
    assert main(["wild", str(raw), str(tmp_path / "out"), *words]) == 0
    assert "3 posts, 3 with text, 3 with media, 0 with comments" in capsys.readouterr().out


def test_a_finished_folder_is_kept_and_a_foreign_one_never_touched(raw: Path, tmp_path: Path) -> None:
    out = prepare(layout(raw), tmp_path / "out", max_bad=0.1).folder
    made = (out / "dataset.json").stat().st_mtime_ns
    prepare(layout(raw), out, max_bad=0.1)
    assert (out / "dataset.json").stat().st_mtime_ns == made
    with pytest.raises(FileExistsError, match="other input, settings or converters; delete it"):
        prepare(open_layout("wild", raw, Options(name="other")), out)
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError):
        prepare(layout(raw), tmp_path / "mine")


def test_empty_input_is_an_empty_data_set(tmp_path: Path) -> None:
    (tmp_path / "raw.jsonl").write_text("")
    (tmp_path / "blank.jsonl").write_text("\n\n")
    for name in ("raw", "blank"):
        posts = prepare(layout(tmp_path / f"{name}.jsonl"), tmp_path / name)
        assert (len(posts), posts.ids, posts.protocols) == (0, [], [])


def test_empty_input_is_said_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert main(["pins", str(tmp_path / "empty.jsonl"), str(tmp_path / "out")]) == 0
    assert f"no posts: {tmp_path / 'empty.jsonl'} holds no records" in capsys.readouterr().err
    (tmp_path / "one.jsonl").write_text('{"descriptions": ["a lake"]}')
    assert main(["pins", str(tmp_path / "one.jsonl"), str(tmp_path / "one")]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("share", ["5", "-1", "nan", "1.01"])
def test_a_share_of_bad_records_that_is_none_is_refused(
    raw: Path, tmp_path: Path, share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wild", str(raw), str(tmp_path / "out"), f"--max_bad={share}"]) == 1
    assert f"--max_bad {share}: a share of the records is in [0, 1]" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"raw"}


def test_the_summary_counts_the_parts_of_each_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.dumps({"descriptions": ["d"], "split": name}) for name in ("test", "train", None, "train")]
    (tmp_path / "raw.jsonl").write_text("\n".join(rows))
    assert main(["pins", str(tmp_path / "raw.jsonl"), str(tmp_path / "out")]) == 0
    assert "\n  split paper: test 1, train 2\n" in capsys.readouterr().out


def test_dataset_json_has_checksums_and_counts(raw: Path, tmp_path: Path) -> None:
    posts = prepare(layout(raw), tmp_path / "out", max_bad=0.1)
    assert posts.info["sources"]["0.jsonl"] == hashlib.sha256((raw / "0.jsonl").read_bytes()).hexdigest()
    assert posts.info["kept"] == len(posts)
    assert posts.info["media_root"] == str(raw)
    assert posts.info["tasks"] == {"t": ["c0", "c1"]}


def test_the_command_line(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep = ["--language=any", "--keep_without_comments", "--keep_without_pictures", "--max_bad=0.1"]
    assert main(["wild", str(raw), str(tmp_path / "a"), *keep]) == 0
    out = capsys.readouterr().out
    assert "168 posts" in out
    assert "dropped, not as expected: 6" in out
    shutil.copytree(raw, tmp_path / "again")
    keep += ["--name=b", f"--against={tmp_path / 'a'}"]
    assert main(["wild", str(tmp_path / "again"), str(tmp_path / "b"), *keep]) == 0
    assert "168 posts of" in capsys.readouterr().out  # all share one picture
    assert "b/0-3" in json.loads((tmp_path / "b" / "leaks.json").read_text())["raw/0-3"]


def test_min_ups_reaches_the_format_and_dataset_json(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "images").mkdir(parents=True)
    for name in ("happy", "creepy", "rage", "gore"):
        (raw / f"{name}.csv").write_text(f"id,title,url,ups\n{name},a title,u,60\n")
        Image.new("RGB", (9, 9)).save(raw / "images" / f"{name}.png")
    assert main(["reddit_emotion", str(raw), str(tmp_path / "out"), "--min_ups", "50"]) == 0
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["options"] == {"min_ups": 50}
    assert main(["reddit_emotion", str(raw), str(tmp_path / "out"), "--min_ups", "40"]) == 1


def test_typos_are_answered(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flicker8k", str(raw), str(tmp_path / "out")]) == 1
    assert "did you mean flickr8k?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["wild", str(raw), str(tmp_path / "out"), "--maxbad=1"])
    assert "did you mean --max_bad?" in capsys.readouterr().err
    assert main(["wild", str(tmp_path / "no"), str(tmp_path / "out")]) == 1
    assert main(["mvsa", str(raw), str(tmp_path / "out"), "--language=en"]) == 1
    assert "mvsa takes no --language; it takes --name" in capsys.readouterr().err
    assert main(["mvsa", str(raw), str(tmp_path / "out"), "--min_ups=50"]) == 1
    assert "mvsa takes no --min_ups" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "flickr8k" in told
    assert "title and description as one text" in told
