"""From raw files to a prepared data set: what all formats share."""

from datamodules.preparing.records import Converted, Format, Options, Piece, Problem, Raw

__all__ = ["Converted", "Format", "Options", "Piece", "Problem", "Raw"]
