"""Pictures from files that nobody vouches for."""

from pathlib import Path

from PIL import Image

MAX_PIXELS = 64_000_000  # 192 MB as RGB; a PNG of 20 KB can declare ten times as much
# Pixel formats that Pillow decodes in its own process. Not among them: EPS, which starts Ghostscript.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")


def open_picture(path: Path | str, max_pixels: int = MAX_PIXELS, draft: int | None = None) -> Image.Image:
    """Decode a picture as RGB: the first frame of an animation, transparent parts on white.

    Args:
        path: JPEG, PNG, GIF, WebP, BMP, TIFF or AVIF, recognised by content.
        max_pixels: largest width x height; compared with the header before anything is decoded.
        draft: decode a JPEG at a fraction of its size that keeps both sides at least this long (several times faster).

    Raises:
        ValueError: the file is missing, empty, truncated, too large or no picture; names the file and the cause.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image.size, max_pixels)
            if draft is not None:
                image.draft("RGB", (draft, draft))  # does nothing for other formats
            image.load()
            return _rgb(image)
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, EOFError, ... on broken files
        raise ValueError(f"{path}: {_cause(path, error)}") from error


def check_picture(path: Path | str, max_pixels: int = MAX_PIXELS) -> None:
    """Decode a picture to its end, JPEGs at an eighth of their size; raise as `open_picture` does."""
    open_picture(path, max_pixels, draft=1)


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ValueError(f"{width} x {height} pixels, more than the {max_pixels:,} allowed; scale it down or remove it")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion clips at 255, so all is white
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(page, image).convert("RGB")
    return image.convert("RGB")


def _cause(path: Path | str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such picture"
    if Path(path).is_file() and Path(path).stat().st_size == 0:
        return "empty file (0 bytes)"
    if isinstance(error, Image.UnidentifiedImageError):
        return f"no picture of a known format ({', '.join(FORMATS)})"
    return f"{error}" or type(error).__name__
