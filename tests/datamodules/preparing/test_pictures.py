"""Mirrors datamodules/preparing/pictures.py."""

from pathlib import Path

from datamodules.preparing.pictures import names_digest, pictures_by_name


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_files_go_before_the_folder_of_the_same_name(tmp_path: Path) -> None:
    touch(tmp_path, "p/a.png", "p/a.JPG", "p/a/2.gif", "p/a/1.webp", "p/b.c.jpg", "p/d/x.jpg", "p/e/x.jpg")
    touch(tmp_path, "p/readme.txt", "p/.a.jpg", "p/a/.DS_Store", "p/a/deep/x.jpg", "p/f/clip.mp4", "other/a.jpg")
    assert pictures_by_name(tmp_path, "p", without=["e"]) == {
        "a": ["p/a.JPG", "p/a.png", "p/a/1.webp", "p/a/2.gif"],
        "b.c": ["p/b.c.jpg"],
        "d": ["p/d/x.jpg"],
    }
    assert pictures_by_name(tmp_path, "nowhere") == {}


def test_the_digest_is_of_the_names(tmp_path: Path) -> None:
    touch(tmp_path, "p/a.jpg")
    before = names_digest(pictures_by_name(tmp_path, "p"))
    assert names_digest(pictures_by_name(tmp_path, "p")) == before
    touch(tmp_path, "p/b\udcff.jpg")
    assert names_digest(pictures_by_name(tmp_path, "p")) != before
