"""Triplets of phrases (base, positive, negative): built from clicks or captions, voted on, read (Pins, section 3.2).

Nothing here imports torch.
"""

from datamodules.triplets.building import Built, Rules, build
from datamodules.triplets.captions import caption_triplets
from datamodules.triplets.clicks import Clicks, read_clicks
from datamodules.triplets.files import Triplets, read_triplets, write_triplets
from datamodules.triplets.sheet import Asked, csv_text, read_key, write_sheet
from datamodules.triplets.votes import Voted, kept_by_vote

__all__ = [
    "Asked",
    "Built",
    "Clicks",
    "Rules",
    "Triplets",
    "Voted",
    "build",
    "caption_triplets",
    "csv_text",
    "kept_by_vote",
    "read_clicks",
    "read_key",
    "read_triplets",
    "write_sheet",
    "write_triplets",
]
