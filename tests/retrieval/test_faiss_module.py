"""Mirrors retrieval/faiss_module.py."""

import sys

import pytest

from retrieval.faiss_module import load_faiss


def test_both_kinds_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"faiss": ["faiss-cpu", "faiss-gpu"]}
    monkeypatch.setattr("retrieval.faiss_module.packages_distributions", lambda: both)
    with pytest.raises(ImportError, match="uninstall both"):
        load_faiss()


def test_a_missing_faiss_names_both_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"postlab\[cpu\].*postlab\[gpu\]"):
        load_faiss()
