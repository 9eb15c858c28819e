"""Index, two-modality search, consensus ranking and exact ranks."""

from retrieval.consensus import clean_comments, consensus
from retrieval.corpus import Corpus, distinct_comments
from retrieval.index import IndexSettings, VectorIndex
from retrieval.ranks import true_ranks
from retrieval.retrieve import Queries, retrieve
from retrieval.search import Alpha, Found, PostVectors, TwoModalitySearch
from retrieval.settings import RetrievalSettings
from retrieval.sources import ArrayVectors, StoreVectors, VectorSource

__all__ = [
    "Alpha",
    "ArrayVectors",
    "Corpus",
    "Found",
    "IndexSettings",
    "PostVectors",
    "Queries",
    "RetrievalSettings",
    "StoreVectors",
    "TwoModalitySearch",
    "VectorIndex",
    "VectorSource",
    "clean_comments",
    "consensus",
    "distinct_comments",
    "retrieve",
    "true_ranks",
]
