"""The papers' qualitative claims as tests that can fail; one YAML file a paper, in this folder."""

from experiments.claims.command import main

__all__ = ["main"]
