"""Mirrors encoders/pictures.py."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from encoders.pictures import check_picture, open_picture


def noise(width: int = 60, height: int = 40, channels: int = 3) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8))


def huge_png(path: Path, side: int = 10_000) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def refused(path: Path, cause: str) -> None:
    for read in (open_picture, check_picture):
        with pytest.raises(ValueError, match=cause) as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_an_opaque_png_comes_back_pixel_by_pixel(tmp_path: Path) -> None:
    noise().save(tmp_path / "a.png")
    assert np.array_equal(np.asarray(open_picture(tmp_path / "a.png")), np.asarray(noise()))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    file = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    picture = Image.fromarray(np.full((40, 60), 257 * 100, np.uint16)) if mode == "I;16" else noise().convert(mode)
    picture.save(file)
    opened = open_picture(file)
    assert (opened.mode, opened.size) == ("RGB", (60, 40))
    if mode == "I;16":
        assert abs(int(np.asarray(opened).mean()) - 100) <= 1


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert np.asarray(open_picture(tmp_path / "a.png")).min() == 255


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert open_picture(tmp_path / "a.gif").getpixel((0, 0)) == (255, 0, 0)


def test_draft_keeps_at_least_the_side_asked_for(tmp_path: Path) -> None:
    noise(1600, 800).save(tmp_path / "a.jpg")
    width, height = open_picture(tmp_path / "a.jpg", draft=100).size
    assert width < 1600
    assert height >= 100


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_truncated_pictures_are_refused(tmp_path: Path, suffix: str) -> None:
    whole, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    noise(200, 200).save(whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    refused(cut, "cut")


def test_other_files_are_refused_with_their_cause(tmp_path: Path) -> None:
    refused(tmp_path / "absent.jpg", "no such picture")
    (tmp_path / "empty.jpg").touch()
    refused(tmp_path / "empty.jpg", "0 bytes")
    (tmp_path / "page.jpg").write_text("<html>404</html>")
    refused(tmp_path / "page.jpg", "no picture of a known format")
    (tmp_path / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    refused(tmp_path / "a.eps", "no picture of a known format")
    refused(tmp_path, "directory|permitted")


def test_a_small_file_with_a_hundred_megapixels_is_refused_undecoded(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    huge_png(bomb)
    assert bomb.stat().st_size < 30_000
    refused(bomb, "10000 x 10000 pixels")
