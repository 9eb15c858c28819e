"""`python -m experiments.claims`; see `command.py`."""

import sys

from experiments.claims.command import main

if __name__ == "__main__":
    sys.exit(main())
