"""Tables, pictures and footnotes as Markdown, LaTeX or HTML."""

import html as htmllib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

from encoders.atomic import write_text


@dataclass(frozen=True)
class Block:
    """A titled table; cells are plain text, footnote marks are written [a].

    The first `words` columns hold words, the others numbers.
    """

    title: str
    header: list[str]
    lines: list[list[str]]
    notes: list[str] = field(default_factory=list)
    words: int = 2


@dataclass(frozen=True)
class Figure:
    """A picture's file, relative to the document, and what it shows."""

    path: str
    caption: str


@dataclass(frozen=True)
class Document:
    """What a program prints: intro sentences, tables, pictures, footnotes (mark -> text)."""

    title: str
    intro: list[str]
    blocks: list[Block]
    figures: list[Figure] = field(default_factory=list)
    footnotes: dict[str, str] = field(default_factory=dict)


def percent(share: float) -> str:
    """A share as it is printed; n/a where there is none (nan)."""
    return "n/a" if isnan(share) else f"{100 * share:.2f}"


class Footnotes:
    """Gives each footnote that is used the next letter."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._marks: dict[str, str] = {}

    def marks(self, notes: list[str]) -> str:
        """' [a][b]' for these notes, '' for none."""
        for note in notes:
            self._marks.setdefault(note, _letters(len(self._marks)))
        return " " * bool(notes) + "".join(f"[{self._marks[note]}]" for note in notes)

    def used(self) -> dict[str, str]:
        """Mark -> text, in order of first use."""
        return {mark: " ".join(self._texts[note].split()) for note, mark in self._marks.items()}


def markdown(document: Document) -> str:
    """GitHub's Markdown, its columns padded so that it reads well in a terminal too."""
    parts = [f"# {document.title}", *document.intro]
    for block in document.blocks:
        parts += [f"## {block.title}", *block.notes, _markdown_table(block)]
    parts += [f"![{_escape_markdown(figure.caption)}]({figure.path})" for figure in document.figures]
    parts += ["\n".join(f"[{mark}] {text}  " for mark, text in document.footnotes.items())]
    return "\n\n".join(part for part in parts if part) + "\n"


def html(document: Document) -> str:
    """One self-styled page."""
    text = htmllib.escape
    parts = [f"<h1>{text(document.title)}</h1>", *(f"<p>{text(line)}</p>" for line in document.intro)]
    for block in document.blocks:
        head = _html_cells("th", block.header, block.words)
        body = "\n".join(f"<tr>{_html_cells('td', line, block.words)}</tr>" for line in block.lines)
        parts += [f"<h2>{text(block.title)}</h2>", *(f"<p>{text(note)}</p>" for note in block.notes)]
        parts += [f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"]
    for figure in document.figures:
        image = f'<img src="{text(figure.path)}" alt="{text(figure.caption)}">'
        parts += [f"<figure>{image}<figcaption>{text(figure.caption)}</figcaption></figure>"]
    parts += [f"<p>[{text(mark)}] {text(note)}</p>" for mark, note in document.footnotes.items()]
    return _PAGE.format(title=text(document.title), body="\n".join(parts))


def latex(document: Document) -> str:
    """One `table` environment a block; needs the package booktabs, and graphicx where there are pictures."""
    parts = [f"% {line}" for line in (document.title, *document.intro)]
    for block in document.blocks:
        rows = [" & ".join(map(_escape_latex, line)) + r" \\" for line in (block.header, *block.lines)]
        notes = [rf"\par\smallskip\footnotesize {_escape_latex(note)}" for note in block.notes]
        head = [r"\begin{table}", r"\centering", rf"\caption{{{_escape_latex(f'{document.title}: {block.title}')}}}"]
        body = [
            rf"\begin{{tabular}}{{{'l' * block.words}{'r' * (len(block.header) - block.words)}}}",
            r"\toprule",
            rows[0],
            r"\midrule",
            *rows[1:],
        ]
        parts += [*head, *body, r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}", ""]
    for figure in document.figures:
        parts += [r"\begin{figure}", rf"\includegraphics[width=\linewidth]{{{figure.path}}}"]
        parts += [rf"\caption{{{_escape_latex(figure.caption)}}}", r"\end{figure}", ""]
    parts += [
        rf"\noindent\footnotesize {_escape_latex(f'[{mark}] {note}')}\par" for mark, note in document.footnotes.items()
    ]
    return "\n".join(parts) + "\n"


FORMATS: dict[str, Callable[[Document], str]] = {"markdown": markdown, "latex": latex, "html": html}


def save(text: str, path: Path) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)


def deliver(document: Document, style: str, out: Path | None) -> None:
    """Print the document, or write it and say where."""
    text = FORMATS[style](document)
    if out is None:
        print(text, end="")
    else:
        save(text, out)
        print(f"written: {out}")


def _markdown_table(block: Block) -> str:
    rows = [[_escape_markdown(cell) for cell in line] for line in (block.header, *block.lines)]
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    padded = [
        [
            cell.ljust(width) if place < block.words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    rule = ["-" * width if place < block.words else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (padded[0], rule, *padded[1:]))


def _html_cells(tag: str, cells: list[str], words: int) -> str:
    marks = [' class="word"' * (place < words) for place in range(len(cells))]
    return "".join(f"<{tag}{mark}>{htmllib.escape(cell)}</{tag}>" for mark, cell in zip(marks, cells, strict=True))


def _escape_markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _escape_latex(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {char: f"\\{char}" for char in "&%$#_{}"}
    special |= {"±": r"$\pm$", "−": "$-$", "–": "--", "<": "$<$", ">": "$>$", "≥": r"$\ge$"}
    return re.sub(r"[\\~^&%$#_{}±−–<>≥]", lambda found: special[found[0]], text)


def _letters(number: int) -> str:
    """0, 1, ... as a, b, ..., z, aa, ab, ..."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }}
th.word, td.word {{ text-align: left; }}
thead th {{ border-bottom: 2px solid #444; }}
figure {{ margin: 1.5rem 0; }} img {{ max-width: 100%; }} figcaption {{ color: #555; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
