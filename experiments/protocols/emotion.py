"""Settings of Emotion's protocol."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from experiments.protocols.shared import ImageFeatures, Network, Protocol


@dataclass
class WordTable:
    """Word vectors that text encoders start from.

    Args:
        vectors: GloVe or word2vec text file (Emotion, Section 5.4: GloVe's Twitter vectors); none starts at random.
        size: d (Emotion, Table 3: 200); the file's.
        min_count: words that occur less often in training texts, and have no vector, are left out.
    """

    vectors: Path | None = None
    size: int = 200
    min_count: int = 1


@dataclass
class FastText:
    """fastText's own classifier; of all pairs of `lr` and `epochs` the best on validation posts is kept.

    The paper says that hyper-parameters were chosen so (Section 5.4), not which.

    Args:
        lr: learning rates (fastText's default is 0.1).
        epochs: passes over the training posts (its default is 5).
        size: of the word vectors (its default is 100).
        ngrams: words of the longest n-gram (its default is 1).
    """

    lr: tuple[float, ...] = (0.1, 0.5)
    epochs: tuple[int, ...] = (5, 25, 50)
    size: int = 100
    ngrams: int = 1


@dataclass
class Emotion(Protocol):
    """Emotion classification (sections 3-5): encode pictures, look up words, train one classifier or combine two.

    Args:
        benchmark: prepared data set with labels; none takes the simulated network.
        simulated: the network's raw layout that stands in for it.
        network: the simulated network.
        network_follows_seed: draw the network anew for each seed, as claims do.
        pretrain: train small encoders on unlabelled posts, for runs without any weights.
        image: picture encoder (Section 5.3: Inception, 2,048 wide).
        words: word vectors.
        fasttext: the text row of Table 4, half of late fusion.
        classifier: `network` trains the model on data.modalities; `fasttext` the text classifier; `late` multiplies the
            probabilities of each modality's own classifier (Eq. 2).
        late_text: text half of late fusion: `fasttext` (paper) or our own text-only `network`.
        early_stop: epochs without a better validation accuracy after which training ends; none trains all.
    """

    benchmark: Path | None = None
    simulated: str = "reddit_emotion"
    network: Network = field(default_factory=Network)
    network_follows_seed: bool = False
    pretrain: bool = False
    image: ImageFeatures = field(default_factory=ImageFeatures)
    words: WordTable = field(default_factory=WordTable)
    fasttext: FastText = field(default_factory=FastText)
    classifier: Literal["network", "fasttext", "late"] = "network"
    late_text: Literal["fasttext", "network"] = "fasttext"
    early_stop: int | None = None
