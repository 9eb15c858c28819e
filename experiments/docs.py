"""`python -m experiments.docs [--check]`: write the generated pages; `make docs`.

docs/settings.md has every setting of the experiments, from signatures and docstrings; README.md gets the table of
experiments between two marks.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import docstring_parser

from encoders.atomic import write_text
from experiments.documents import Block, Document, markdown
from experiments.names import experiments

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- experiments: `make docs` writes this -->", "<!-- end -->"

# Option that stands before the settings' names, and what takes them; several papers may have one of a name.
CLASSES = [
    ("protocol", "experiments.protocols.Cast"),
    ("protocol.network", "experiments.protocols.Network"),
    ("protocol.image", "experiments.protocols.ImageFeatures"),
    ("protocol.sentences", "experiments.protocols.SentenceFeatures"),
    ("protocol.text_encoder", "experiments.protocols.FrozenText"),
    ("protocol.index", "retrieval.IndexSettings"),
    ("protocol.retrieval", "retrieval.RetrievalSettings"),
    ("model", "lightning_modules.CommentAwareClassifier"),
    ("model.base", "lightning_modules.BertCnn"),
    ("model.text_encoder", "encoders.TextEncoder"),
    ("data", "datamodules.CommentAwareData"),
    ("protocol", "experiments.protocols.Emotion"),
    ("protocol.words", "experiments.protocols.WordTable"),
    ("protocol.fasttext", "experiments.protocols.FastText"),
    ("model", "lightning_modules.EmotionClassifier"),
    ("model.encoders.image", "encoders.StoredVectors"),
    ("model.encoders.image", "encoders.ImageEncoder"),
    ("model.encoders.text", "encoders.WordPooling"),
    ("model.fusion", "lightning_modules.Pooling"),
    ("model.auxiliary", "lightning_modules.CommonSpace"),
    ("data", "datamodules.EmotionData"),
    ("protocol", "experiments.protocols.Pins"),
    ("protocol.cleaning", "datamodules.sentences.Cleaning"),
    ("protocol.vocabulary", "datamodules.sentences.Words"),
    ("protocol.clicked", "experiments.protocols.TripletSettings"),
    ("protocol.skipgram", "experiments.protocols.SkipGram"),
    ("model", "lightning_modules.WordEmbeddings"),
    ("model.visual", "lightning_modules.InitialState"),
    ("model.visual", "lightning_modules.FinalState"),
    ("model.visual", "lightning_modules.WordVectors"),
    ("model.cell", "lightning_modules.GatedRecurrentUnit"),
    ("data", "datamodules.PinsData"),
    ("protocol", "experiments.protocols.Du2mce"),
    ("protocol.accounts", "datamodules.timelines.settings.Accounts"),
    ("protocol.texts", "datamodules.timelines.settings.Texts"),
    ("protocol.pictures", "datamodules.timelines.settings.Pictures"),
    ("protocol.shares", "datamodules.timelines.settings.Shares"),
    ("protocol.vectors", "experiments.protocols.CorpusVectors"),
    ("model", "lightning_modules.UserContentEmbeddings"),
    ("model.pairs", "lightning_modules.Pair"),
    ("model.text", "encoders.SentenceCNN"),
    ("data", "datamodules.TimelinesData"),
]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or with --check say which are out of date; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m experiments.docs", description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a page is out of date")
    check = parser.parse_args(argv).check
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date; `make docs` writes it", file=sys.stderr)
        else:
            write_text(path, pages()[path])
            print(f"written: {path.relative_to(ROOT)}")
    return int(check and bool(stale))


def pages() -> dict[Path, str]:
    """File -> its text as it should be."""
    readme = ROOT / "README.md"
    return {ROOT / "docs" / "settings.md": markdown(settings_page()), readme: with_experiments(readme.read_text())}


def settings_page() -> Document:
    """Every setting with its default and meaning, a table a class."""
    intro = [
        "Each is an option of the command line, `--model.lr=2e-5`, and a value of YAML files. The defaults shown are "
        "the classes'; `python -m experiments.run NAME --profile PROFILE --print_config` prints an experiment's own.",
        "Written by `make docs` from signatures and docstrings.",
    ]
    blocks = []
    options = {option for option, _ in CLASSES}  # which have tables of their own
    for option, path in CLASSES:
        package, name = path.rsplit(".", 1)
        found = getattr(importlib.import_module(package), name)
        lines = [[f"{option}.{argument}", default, meaning] for argument, default, meaning in arguments(found)]
        lines = [line for line in lines if line[0] not in options]
        blocks.append(Block(f"{option}: {name}", ["option", "default", "meaning"], lines, [_summary(found)], words=3))
    return Document("Settings", intro, blocks)


def arguments(found: type) -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning of each argument.

    Raises:
        ValueError: an argument without a line in the docstring, or a line without an argument.
    """
    told = {item.arg_name: item.description for item in docstring_parser.parse(found.__doc__ or "").params}
    taken = inspect.signature(found).parameters
    if set(told) != set(taken):
        raise ValueError(f"{found.__qualname__}: docstring and signature differ in {sorted(set(told) ^ set(taken))}")
    for name, parameter in taken.items():
        yield name, _default(parameter), " ".join((told[name] or "").split())


def with_experiments(readme: str) -> str:
    """The README with the table of experiments between its marks as it should be."""
    before, rest = readme.split(BEGIN)
    rows = [f"| `{name}` | {text} |" for name, text in experiments().items()]
    table = "\n".join(["| experiment | what it runs |", "|---|---|", *rows])
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END, 1)[1]}"


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return "required"
    if inspect.isclass(value) or inspect.isfunction(value):
        return value.__name__
    return str(value)


def _summary(found: type) -> str:
    return docstring_parser.parse(found.__doc__ or "").short_description or ""


if __name__ == "__main__":
    sys.exit(main())
