"""Settings of Pins' protocol."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sentences import Cleaning, Words
from experiments.protocols.shared import ImageFeatures, Network, Protocol


@dataclass
class TripletSettings:
    """How triplets are made of a click log, and which of them stay after a vote (Pins, Section 3.2).

    Args:
        clicks: click log; none takes the simulated network's.
        votes: what annotators answered to the sheet; none lets simulated annotators vote on a simulated log.
        top: annotations of highest score that are positive phrases of a query; not stated in the paper.
        min_clicks: that an annotation needs.
        negatives: drawn from the `distinct` phrases, or by their `frequency`.
        pool: file of phrases to draw negatives from, one a line; none takes those of the log.
        sample: triplets that go to annotators (Section 3.2.2: 21,000); all, where there are fewer.
    """

    clicks: Path | None = None
    votes: Path | None = None
    top: int = 10
    min_clicks: int = 1
    negatives: Literal["distinct", "frequency"] = "distinct"
    pool: Path | None = None
    sample: int = 21_000


@dataclass
class SkipGram:
    """gensim's skip-gram on the corpus' sentences; its own defaults otherwise.

    Args:
        size: of the vectors (Pins, Table 3: 128 for the models beside it).
        window: words to each side.
        negative: negatives a word.
        epochs: passes over the sentences.
    """

    size: int = 128
    window: int = 5
    negative: int = 5
    epochs: int = 5


@dataclass
class Pins(Protocol):
    """Word embeddings from pictures' descriptions (Pins, sections 3-5): corpus, bits, training, triplets, scores.

    Args:
        pins: prepared posts, pictures with descriptions; none takes the simulated network's.
        split: split of the prepared posts whose parts are used; none draws `validation_images`.
        validation_images: pictures whose sentences are held out (Section 5.1: 10,000).
        network: the simulated network.
        network_follows_seed: draw the network anew for each seed, as claims do.
        pretrain: train a small picture encoder on the network's unlabelled posts, for runs without any weights.
        cleaning: of the descriptions.
        vocabulary: which words the models know.
        image: picture encoder (Section 4: VGG of 16 layers, its 4,096 units before the soft-max layer).
        threshold: above which a unit is a one: `zero` suits units after a ReLU; `median`, of each dimension over
            training pictures, suits pooled features, which are nearly all positive.
        source: where a row's embeddings come from: `network`, `skipgram`, or a name in `vectors`.
        vectors: published embeddings, name -> file (word2vec's or GloVe's); a row of a name without a file is n/a.
        skipgram: settings of `source: skipgram`.
        weights: candidates for lambda of models B and C; the best on triplets of held-out descriptions is taken. None
            takes the model's own `weight`.
        triplets: scored triplets, part -> file of base, positive and negative phrase (RP10M as `raw`, Gold RP10K as
            `voted`); none makes them of a click log.
        clicked: how triplets are made of clicks and votes.
        caption_part: part of the corpus whose descriptions make further triplets, part `captions`; none makes none.
        similarity: folder of word-similarity sets: rank correlations, and triplets as part `words`.
        early_stop: epochs without a smaller validation loss after which training ends (Section 5.1); none trains all.
    """

    pins: Path | None = None
    split: str | None = None
    validation_images: int = 10_000
    network: Network = field(default_factory=Network)
    network_follows_seed: bool = False
    pretrain: bool = False
    cleaning: Cleaning = field(default_factory=Cleaning)
    vocabulary: Words = field(default_factory=Words)
    image: ImageFeatures = field(default_factory=ImageFeatures)
    threshold: Literal["zero", "median"] = "zero"
    source: str = "network"
    vectors: dict[str, Path] = field(default_factory=dict)
    skipgram: SkipGram = field(default_factory=SkipGram)
    weights: tuple[float, ...] | None = (0.01, 0.1, 1.0)
    triplets: dict[str, Path] = field(default_factory=dict)
    clicked: TripletSettings = field(default_factory=TripletSettings)
    caption_part: Literal["validation", "test"] | None = None
    similarity: Path | None = None
    early_stop: int | None = 1
