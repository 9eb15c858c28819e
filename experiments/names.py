"""What there is to run, and what a mistyped name may have meant; imports nothing heavy."""

import difflib
from collections.abc import Iterable
from pathlib import Path

CONFIGS = Path(__file__).parent / "configs"


def experiments() -> dict[str, str]:
    """Experiment name -> its first comment line, up to a colon."""
    return {path.stem: first_comment(path).split(":")[0] for path in sorted(CONFIGS.glob("*.yaml"))}


def profiles() -> list[str]:
    return sorted(path.name for path in (CONFIGS / "profiles").iterdir() if path.is_dir())


def config_files(experiment: str, profile: str | None) -> list[Path]:
    """Files whose values make the defaults, weakest first: paper, experiment, profile's paper, profile's experiment."""
    paper = experiment.split("_", maxsplit=1)[0]
    candidates = [CONFIGS / "papers" / f"{paper}.yaml", CONFIGS / f"{experiment}.yaml"]
    if profile:
        folder = CONFIGS / "profiles" / profile
        candidates += [folder / f"{paper}.yaml", folder / f"{experiment}.yaml"]
    return list(dict.fromkeys(path for path in candidates if path.is_file()))


def first_comment(path: Path) -> str:
    line = path.read_text().split("\n", 1)[0]
    return line.removeprefix("#").strip() if line.startswith("#") else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """' Did you mean "x"?' for the known name nearest to a mistyped one, else ''."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else ""
