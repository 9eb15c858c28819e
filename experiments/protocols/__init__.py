"""What an experiment's stages need besides model, data and trainer: the typed settings of each paper's protocol."""

from experiments.protocols.cast import Cast as Cast
from experiments.protocols.cast import FrozenText as FrozenText
from experiments.protocols.cast import SentenceFeatures as SentenceFeatures
from experiments.protocols.du2mce import CorpusVectors as CorpusVectors
from experiments.protocols.du2mce import Du2mce as Du2mce
from experiments.protocols.emotion import Emotion as Emotion
from experiments.protocols.emotion import FastText as FastText
from experiments.protocols.emotion import WordTable as WordTable
from experiments.protocols.pins import Pins as Pins
from experiments.protocols.pins import SkipGram as SkipGram
from experiments.protocols.pins import TripletSettings as TripletSettings
from experiments.protocols.shared import ImageFeatures as ImageFeatures
from experiments.protocols.shared import Network as Network
from experiments.protocols.shared import Protocol as Protocol
