"""Published layouts, one module each: its first line is the help, `open_layout(raw, options)` its way in."""

import pkgutil


def names() -> list[str]:
    """Formats that `datamodules.prepare` knows: the modules of this folder."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))
