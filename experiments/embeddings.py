"""`python -m experiments.embeddings FOLDER`: vectors of words in other tools' formats, and nearest neighbours."""

import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.arguments import Arguments, plain_errors, positive
from experiments.documents import Block, Document, markdown

FORMATS = ("word2vec", "glove", "safetensors")


def main(argv: Sequence[str] | None = None) -> int:
    """Export embeddings, print words' nearest neighbours, or both.

    Returns the exit status; 2 where the folder has no embeddings, a word is unknown, or nothing is asked for.
    """
    parser = Arguments("embeddings", "Export embeddings as word2vec text, GloVe text or safetensors; nearest words.")
    parser.add_argument("folder", type=Path, help="folder of a finished stage, or a published file")
    parser.add_argument("--format", choices=FORMATS, help="of the file to write; text is compressed where named .gz")
    parser.add_argument("--out", type=Path, help="file to write")
    parser.add_argument("--nearest", nargs="+", default=[], metavar="WORD", help="print these words' neighbours")
    parser.add_argument("--count", type=positive, default=10, help="neighbours of a word (%(default)s)")
    options, settings = parser.parse(argv)
    if settings:
        parser.error(f"unknown argument {settings[0]}: this reads embeddings as they were trained")
    if (options.format is None) != (options.out is None):
        parser.error("--format and --out belong together")
    if options.format is None and not options.nearest:
        parser.error("nothing to do: give --format and --out, or --nearest")
    with plain_errors():
        _run(options.folder, options.format, options.out, options.nearest, options.count)
    return 0


def _run(folder: Path, kind: str | None, out: Path, words: Sequence[str], count: int) -> None:
    from encoders.embeddings import WRITERS, read_embeddings

    embeddings = read_embeddings(folder)
    blocks = []
    for word in words:
        lines = [[other, f"{cosine:.3f}"] for other, cosine in embeddings.nearest(word, count)]
        blocks.append(Block(word, ["Word", "Cosine"], lines, words=1))
    if blocks:
        print(markdown(Document(f"Nearest words, {len(embeddings):,} x {embeddings.size}", [], blocks)), end="")
    if kind is not None:
        WRITERS[kind](embeddings, out)
        print(f"written: {out}")


if __name__ == "__main__":
    sys.exit(main())
