"""JSON lines of pins, pictures with descriptions: a file, or a folder of *.jsonl; dataset.yaml as for wild."""

from pathlib import Path

import msgspec

from datamodules.posts import Media, Post
from datamodules.preparing import Converted, Options, Problem, Raw
from datamodules.preparing.lines import JsonLines, Own, open_lines, paper_part


class RawPin(msgspec.Struct):
    """A pin as it was fetched; other fields are left alone."""

    descriptions: list[str | None]
    image: str | None = None
    id: Own | None = None
    split: str | None = None


def open_layout(raw: Path, options: Options) -> "Pins":
    """The files under `raw`; FileNotFoundError when there are none, ValueError names a faulty dataset.yaml."""
    options.only("pins")
    return Pins(*open_lines(raw, options))


class Pins(JsonLines):
    """One picture with several users' descriptions (Pins, Section 3.1), or descriptions whose picture is not there.

    Lines of one picture stay apart. A line without an id is called by its file and number, as `pins.jsonl:17`.
    """

    def convert(self, raw: Raw) -> Converted | Problem:
        own = f"{raw.file}:{raw.line}"
        try:
            pin = msgspec.json.decode(raw.value, type=RawPin)
            own = own if pin.id is None else str(pin.id)
            said = [text for text in pin.descriptions if text and text.strip()]
            if not said:
                return Problem(raw.file, raw.line, own, "no descriptions")
            media = Media(pin.image or None, "image", said)  # an image whatever its ending: also a GIF, its first frame
            return Converted(Post(f"{self.card.name}/{own}", media=[media]), paper_part(pin.split))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors with the path in the record
            return Problem(raw.file, raw.line, own, f"not as expected: {error}")

    def refuse(self, post: Post) -> str | None:
        return None
