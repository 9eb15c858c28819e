"""Settings of DU2MCE's protocol."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.timelines.settings import Accounts, Pictures, Shares, Texts
from experiments.protocols.shared import ImageFeatures, Network, Protocol


@dataclass
class CorpusVectors:
    """gensim's word2vec on a corpus' cleaned texts; its own defaults otherwise, such as CBOW (DU2MCE, Section 4.3).

    Args:
        size: of the vectors (Section 4.3: 300).
        window: words to each side.
        negative: negatives a word.
        epochs: passes over the texts.
    """

    size: int = 300
    window: int = 5
    negative: int = 5
    epochs: int = 5


@dataclass
class Du2mce(Protocol):
    """Users, pictures and texts in one space (DU2MCE, sections 3 and 4): corpus, word vectors, training, ranks.

    Args:
        posts: prepared timelines; none takes the simulated network's.
        network: the simulated network.
        network_follows_seed: draw the network anew for each seed, as claims do.
        pretrain: train a small picture encoder on the network's unlabelled posts, for runs without any weights.
        image: picture encoder (Section 4.3: ResNet-152, ImageNet, 2,048 wide, not trained further).
        accounts: which users are kept.
        texts: how texts are cleaned, and which words are known.
        pictures: what counts as one picture.
        shares: training, validation and test posts.
        vectors: word vectors, learned on the corpus.
        user_start: table of users starts from the `mean` of each user's word vectors (Section 4.3), or at `random`.
        source: what a row trains: `network`; `bridging` first texts with users, then pictures with the texts as they
            are; `average_text` and `average_image` nothing, users are means of their words or pictures (Section 4.6);
            `chance` nothing, the order is random.
        interests: predict users' interests from their vectors; the prepared timelines must know them.
        answers: whose answers are the row's: an SVM's a group, or always yes or always no.
        folds: of the cross-validation (Section 4.2: 5).
        C: of the linear SVMs (Section 4.2: 1).
        clusters: compare so many clusters of users with their interests, which only the simulated network knows.
        early_stop: epochs without a smaller sum of validation ranks after which training ends; none trains all.
    """

    posts: Path | None = None
    network: Network = field(default_factory=Network)
    network_follows_seed: bool = False
    pretrain: bool = False
    image: ImageFeatures = field(default_factory=ImageFeatures)
    accounts: Accounts = field(default_factory=Accounts)
    texts: Texts = field(default_factory=Texts)
    pictures: Pictures = field(default_factory=Pictures)
    shares: Shares = field(default_factory=Shares)
    vectors: CorpusVectors = field(default_factory=CorpusVectors)
    user_start: Literal["mean", "random"] = "mean"
    source: Literal["network", "bridging", "average_text", "average_image", "chance"] = "network"
    interests: bool = False
    answers: Literal["linear_svm", "all_positive", "all_negative"] = "linear_svm"
    folds: int = 5
    C: float = 1.0
    clusters: int | None = None
    early_stop: int | None = None
