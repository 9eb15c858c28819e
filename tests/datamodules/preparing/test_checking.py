"""Mirrors datamodules/preparing/checking.py."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from datamodules.posts import Comment, Media, Post
from datamodules.preparing import Converted, Raw
from datamodules.preparing.checking import check, kind_of

RAW = Raw("posts.jsonl", 3, None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Image.effect_noise((200, 150), 50).save(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    header = struct.pack(">IIBBBBB", 13_000, 13_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    (tmp_path / "bomb.png").write_bytes(bomb + struct.pack(">I", zlib.crc32(b"IHDR" + header)))
    (tmp_path / "clip.mp4").write_bytes(b"video")
    return tmp_path


@pytest.mark.parametrize("name", ["cut.jpg", "empty.jpg", "bomb.png", "absent.jpg", "", "a" * 5000 + ".jpg"])
def test_a_lost_picture_leaves_the_text(root: Path, name: str) -> None:
    path = name or "folder"
    (root / "folder").mkdir()
    post, problems = check(root, RAW, Converted(Post("w/1", text="t", media=[Media(path), Media("good.jpg")])))
    assert post is not None
    assert post.media == [Media("good.jpg")]
    assert [(p.file, p.line, p.id, p.outcome) for p in problems] == [("posts.jsonl", 3, "w/1", "kept")]
    assert path in problems[0].cause
    assert str(root) not in problems[0].cause
    post, problems = check(root, RAW, Converted(Post("w/1", media=[Media(path)])))
    assert post is None
    assert [(p.outcome, p.name) for p in problems] == [("bad", problems[0].name)]
    assert problems[0].cause.endswith("and no text")


def test_what_was_said_of_a_lost_picture_stays(root: Path) -> None:
    post, _ = check(root, RAW, Converted(Post("w/1", media=[Media("cut.jpg", attributes=["owl"])])))
    assert post is not None
    assert post.media == [Media(None, attributes=["owl"])]


@pytest.mark.parametrize(
    "path", ["/etc/x.jpg", "../x.jpg", "a/../../x.jpg", "a\\..\\x.jpg", "C:\\x.jpg", "\\\\host\\x"]
)
def test_a_path_outside_refuses_the_row(root: Path, path: str) -> None:
    for post in (Post("w/1", text="t", media=[Media(path)]), Post("w/1", comments=[Comment(media=[path])])):
        kept, problems = check(root, RAW, Converted(post))
        assert kept is None
        assert [(problem.outcome, problem.name) for problem in problems] == [("bad", "path outside")]


def test_nul_and_surrogates_are_removed_and_listed(root: Path) -> None:
    dirty = Post("w/1", text="a\0b", comments=[Comment(text="c\ud800d")])
    post, problems = check(root, RAW, Converted(dirty))
    assert post == Post("w/1", text="ab", comments=[Comment(text="cd")])
    assert [(problem.outcome, problem.name) for problem in problems] == [("kept", "NUL or lone surrogate")]


@pytest.mark.parametrize("own", ["", " ", "a\0", "a\nb", " a", "\ud800"])
def test_an_id_must_be_printable(root: Path, own: str) -> None:
    post, problems = check(root, RAW, Converted(Post(f"w/{own}", text="t")))
    assert post is None
    assert problems[0].outcome == "bad"


def test_videos_and_comment_media(root: Path) -> None:
    assert kind_of("A.MP4") == "video"
    media = [Media("clip.mp4", "video"), Media("no.mp4", "video")]
    comments = [Comment(text="c", media=["good.jpg", "cut.jpg"]), Comment(media=["cut.jpg"])]
    post, problems = check(root, RAW, Converted(Post("w/1", text="t", media=media, comments=comments)))
    assert post is not None
    assert post.media == [Media("clip.mp4", "video")]
    assert post.comments == [Comment(text="c", media=["good.jpg"]), Comment()]
    assert {problem.cause for problem in problems} >= {"video missing: no.mp4"}


def test_a_post_with_nothing_to_check_is_unchanged(root: Path) -> None:
    assert check(root, RAW, Converted(Post("w/1"))) == (Post("w/1"), [])
