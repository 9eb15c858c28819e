"""Lines that show how far long work is. Imports no torch."""

import time
from collections.abc import Callable

Progress = Callable[[int, int], None]  # done, of how many


def progress_lines(what: str, seconds: float = 5.0) -> Progress:
    """Return a callback that prints a line every few seconds, and one at the end."""
    begun, last = time.monotonic(), [time.monotonic()]

    def show(done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= seconds or done == total:
            last[0] = now
            print(f"{what}: {done:,} of {total:,} in {now - begun:.0f} s", flush=True)

    return show
