"""LightningCLI with this suite's groups, and answers to mistyped options."""

import importlib
import inspect
import json
import logging
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from lightning import Callback
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from experiments import protocols
from experiments.names import did_you_mean
from experiments.protocols import Protocol


class Parser(LightningArgumentParser):
    """Says which known option an unknown one is nearest to."""

    def error(self, message: str, ex: Exception | None = None) -> Any:
        print(f"error: {message}{self._suggestion(message)}", file=sys.stderr)
        print("docs/settings.md lists all options, `--print_config` an experiment's values.", file=sys.stderr)
        raise SystemExit(2)

    def _suggestion(self, message: str) -> str:
        """Compare the word that a message names with the options, arguments or classes it may have meant."""
        if missing := re.search(r"module '([\w.]+)' has no attribute '(\w+)'", message):
            return did_you_mean(".".join(missing.groups()), _classes())
        if argument := re.search(r"Option '([\w.]+)' is not accepted", message):
            return did_you_mean(argument[1], _arguments())
        if option := re.search(r"--([\w.]+)", message):
            return did_you_mean(option[1], {name.lstrip("-") for name in self._option_string_actions})
        return ""


class ExperimentCLI(LightningCLI):
    """One experiment's parser; instantiates model, data and trainer where it is given callbacks."""

    def __init__(
        self,
        args: Sequence[str],
        defaults: Path | None = None,
        callbacks: list[Callback] | None = None,
    ) -> None:
        self.resolve_only = callbacks is None
        warnings.filterwarnings("ignore", "LightningCLI's args parameter")  # we always give both
        logging.getLogger("lightning.fabric.utilities.seed").setLevel(logging.WARNING)
        super().__init__(
            args=list(args),
            run=False,
            save_config_callback=None,
            seed_everything_default=0,
            trainer_defaults={"callbacks": callbacks},
            parser_kwargs={"default_config_files": [str(defaults)] if defaults else []},
            auto_configure_optimizers=False,
        )

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        kwargs.setdefault("dump_header", ["postlab"])
        parser = Parser(prog="python -m experiments.run EXPERIMENT", allow_abbrev=False, **kwargs)
        parser.add_argument("-c", "--config", action="config", help="YAML file whose values stand over the profile's.")
        return parser

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--plan", type=str | None, default=None, help="function that makes the list of stages")
        parser.add_argument("--table", type=str | None, default=None, help="table whose rows `run` computes")
        parser.add_argument(
            "--wandb", type=Literal["auto", "offline", "off"], default="auto", help="auto: online with a key"
        )
        parser.add_subclass_arguments(Protocol, "protocol", required=False)
        parser.link_arguments("data.num_classes", "model.init_args.num_classes", apply_on="instantiate")

    def instantiate_classes(self) -> None:
        if not self.resolve_only:
            super().instantiate_classes()


def parse(defaults: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Parsed and checked settings as plain values."""
    cli = ExperimentCLI(overrides, defaults)
    dumped = cli.parser.dump(cli.config, format="json", skip_none=False, skip_validation=True, skip_link_targets=True)
    settings: dict[str, Any] = json.loads(dumped)
    settings.pop("config", None)
    return settings


def _classes() -> dict[str, type]:
    """Dotted path -> class, of all that the packages export."""
    packages = [importlib.import_module(name) for name in ("encoders", "datamodules", "lightning_modules")]
    packages.append(protocols)
    names = {package: getattr(package, "__all__", dir(package)) for package in packages}  # an __all__ may be lazy
    found = {f"{package.__name__}.{name}": getattr(package, name) for package in packages for name in names[package]}
    return {path: value for path, value in found.items() if inspect.isclass(value)}


def _arguments() -> set[str]:
    """Names of the arguments of all those classes."""
    return {name for value in _classes().values() for name in inspect.signature(value).parameters}
