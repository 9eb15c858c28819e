"""`python -m experiments.run EXPERIMENT [ACTION] [options] [dotted overrides]`: every experiment's one entry."""

import argparse
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from experiments import names
from experiments.arguments import positive

ACTIONS = {
    "run": "the paper's protocol from start to finish: all stages of all rows, then the table (default)",
    "fit": "the stages up to the first model trained on labelled posts",
    "validate": "measure a checkpoint (--ckpt_path; without one, the protocol's last) on the validation posts",
    "test": "the same on the test posts",
    "predict": "write a checkpoint's predictions for the test posts",
    "search": 'what is nearest to "a sentence", a picture\'s file or @user: pictures, texts, users by a checkpoint',
}
SETTINGS = (  # words of the settings' parser without a dot, or with an optional one
    *("--config", "-c", "--print_config", "--wandb", "--plan", "--table", "--seed_everything"),
    *("--model", "--data", "--trainer", "--protocol"),
)
EXAMPLES = """examples:
  python -m experiments.run list
  python -m experiments.run cast_msd --profile demo
  python -m experiments.run du2mce search "galoshes and a raincoat" --profile demo --top 5
  python -m experiments.run cast_mvsa --seeds 3 --trainer.devices=4 --model.lr=2e-5
  python -m experiments.run cast_mvsa --print_config  all settings with their values; docs/settings.md explains them
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Answer names and typos at once; hand everything else to `experiments.runs`. Returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    known = names.experiments()
    if not words or words[0] in ("-h", "--help"):
        _parser().print_help()
        return 0
    first = words.pop(0)
    if first in ("list", "show"):
        return _list(known) if first == "list" else _show(words, known)
    if first not in known:
        return _refuse(f'no experiment "{first}".{names.did_you_mean(first, [*known, "list", "show"])}', "list")
    action = words.pop(0) if words and not words[0].startswith("-") else "run"
    if action not in ACTIONS:
        return _refuse(f'no action "{action}".{names.did_you_mean(action, ACTIONS)} Known: {", ".join(ACTIONS)}')
    return _act(first, action, words)


def _act(experiment: str, action: str, words: list[str]) -> int:
    """Split our own options from the dotted overrides, then import what does the work."""
    help_wanted = any(word in ("-h", "--help") for word in words)
    query = list(takewhile(lambda word: not word.startswith("-"), words)) if action == "search" else []
    if action == "search" and not query and not help_wanted:
        return _refuse('search for what? Give "a sentence", a picture\'s file or @user right after `search`')
    own = [word for word in words[len(query) :] if word not in ("-h", "--help")]
    options, overrides = _parser().parse_known_args(own, argparse.Namespace(query=" ".join(query)))
    overrides = one_word_each(overrides)
    profiles = names.profiles()
    if options.profile and options.profile not in profiles:
        near = names.did_you_mean(options.profile, profiles)
        return _refuse(f'no profile "{options.profile}".{near} Known: {", ".join(profiles)}')
    for word in overrides:
        name = word.split("=", 1)[0]
        if word.startswith("--") and "." not in name and name not in SETTINGS:
            own = [option for action in _parser()._actions for option in action.option_strings]
            return _refuse(f"no option {name}.{names.did_you_mean(name, [*own, *SETTINGS])}")
    from experiments import runs

    return runs.act(experiment, action, options, overrides + ["--help"] * help_wanted)


def one_word_each(words: list[str]) -> list[str]:
    """Each `--name value` as `--name=value`, so that a setting has one spelling from here on."""
    found: list[str] = []
    for word in words:
        if found and found[-1].startswith("--") and "=" not in found[-1] and not word.startswith("--"):
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.run",
        description="Run one experiment: EXPERIMENT [ACTION] [options] [dotted overrides]. "
        "`list` names the experiments, `show NAME` prints one.",
        epilog="actions:\n" + "\n".join(f"  {name:10}{text}" for name, text in ACTIONS.items()) + "\n\n" + EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add(
        "--profile",
        help="values for a purpose, over the experiment's: demo (minutes), offline (local weights) or paper",
    )
    add("--seeds", type=positive, default=1, help="run seeds 0 to N-1 (default 1)")
    add("--rows", nargs="+", help="only these rows of the table, by name")
    add("--store", type=Path, default=Path("runs"), help="folder of all stages (default runs)")
    add("--dry_run", action="store_true", help="print the plan: what is done, what is to do, the bytes it will store")
    add("--stage", help="run only as far as the stage of this name")
    add("--from", dest="from_stage", help="set this stage's folder and all that follow from it aside, and run anew")
    add("--jobs", type=positive, default=1, help="stages run side by side (default 1)")
    add("--slurm", help='submit one job a stage with these sbatch options, such as "--gres=gpu:1 --time=8:00:00"')
    add("--accept", action="store_true", help="take finished stages as they are after an edit that changes no result")
    add("--ckpt_path", type=Path, help="checkpoint for validate, test, predict, search")
    add("--top", type=positive, default=10, help="answers of each kind to search (default 10)")
    return parser


def _list(known: dict[str, str]) -> int:
    print("\n".join(f"{name:16} {text}" for name, text in known.items()))
    return 0


def _show(words: list[str], known: dict[str, str]) -> int:
    if not words or words[0] not in known:
        name = words[0] if words else ""
        return _refuse(f'show which experiment? No "{name}".{names.did_you_mean(name, known)}', "list")
    for path in names.config_files(words[0], None):
        print(f"# {path.name}\n{path.read_text()}")
    return 0


def _refuse(message: str, hint: str = "--help") -> int:
    print(f"error: {message}\n`python -m experiments.run {hint}` says more.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
