"""`python -m datamodules.triplets`; see `command.py`."""

import sys

from datamodules.triplets.command import main

if __name__ == "__main__":
    sys.exit(main())
