"""Small encoders of our own, for runs without any downloaded weights.

Trained without labels: a post's text, its comments and its picture are told from those of other posts.
"""

import math
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import timm
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertModel, BertTokenizer

from encoders.atomic import replacing
from encoders.batches import Tokens
from encoders.image import Preprocessing
from encoders.pictures import open_picture
from encoders.progress import progress_lines
from encoders.tokens import Tokenizer
from encoders.weights import fetching

IMAGE_NETWORK = "test_resnet"  # timm's smallest residual network: 0.4 million parameters, 96 wide
SIDE = 64
MAX_TOKENS = 50  # as in training (CAST, section 4.2)
TEMPERATURE = 0.1
LEARNING_RATE = 3e-3


class Unlabelled(NamedTuple):
    """What the encoders learn from; lists of equal length."""

    texts: Sequence[str]  # "" where absent
    comments: Sequence[Sequence[str]]
    pictures: Sequence[Path | None]


def pretrain_encoders(
    folder: Path | str,
    texts: Sequence[str],
    comments: Sequence[Sequence[str]],
    pictures: Sequence[Path | None],
    seed: int,
    steps: int = 150,
    batch_size: int = 32,
    width: int = 64,
    layers: int = 2,
    vocabulary: int = 4000,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Train a text and a picture encoder on unlabelled posts by InfoNCE (van den Oord et al. 2018, Eq. 4), both ways.

    Pairs are text and comment, picture and comment, picture and text of one post; the others of the batch are the
    negatives. Writes `text/` (for `Tokenizer`, `TextEncoder`, and `SentenceEncoder` with mean pooling) and
    `image/model.safetensors` (for `ImageEncoder(name="test_resnet", weights=folder / "image", side=64)`).

    Args:
        folder: made if there is none.
        texts: one a post, "" where absent.
        comments: each post's own comments.
        pictures: each post's picture file or None; one that can't be read counts as absent.
        seed: of weights, batches and draws; the same seed gives the same weights on the same machine.
        steps: batches; 150 take some 20 seconds on one core.
        batch_size: posts a batch, the negatives plus one.
        width: H of the text encoder.
        layers: of the text encoder.
        vocabulary: word pieces at most.
        progress: called with steps done and in all; None prints lines.

    Raises:
        ValueError: fewer than 2 posts with two of text, comment and picture.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    posts = _paired(Unlabelled(texts, comments, pictures))
    temporary = folder / f".text.{os.getpid()}.tmp"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            _new_text_encoder(temporary, posts, width, layers, vocabulary)
            tokenizer = Tokenizer(temporary, MAX_TOKENS)
            text = BertModel.from_pretrained(temporary, dtype=torch.float32, add_pooling_layer=False)
            model = _Pair(text, timm.create_model(IMAGE_NETWORK, pretrained=False, num_classes=0))
            _train(model, tokenizer, posts, np.random.default_rng(seed), steps, batch_size, progress)
            _save(folder, temporary, model)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


class _Pair(nn.Module):
    """The two encoders and a projection of pictures into the space of texts, which is dropped after training."""

    def __init__(self, text: Any, image: Any) -> None:
        super().__init__()
        self.text, self.image = text, image
        self.projection = nn.Linear(image.num_features, text.config.hidden_size)

    def embed_texts(self, tokens: Tokens) -> Tensor:
        """Return (S, H): the mean over word pieces, as sentence-transformers will take it."""
        states = self.text(input_ids=tokens.ids, attention_mask=tokens.mask.long()).last_hidden_state  # (S, T, H)
        weight = tokens.mask.unsqueeze(-1).to(states.dtype)  # (S, T, 1)
        return (states * weight).sum(1) / weight.sum(1)

    def embed_pictures(self, pixels: Tensor) -> Tensor:
        """Return (S, H)."""
        return self.projection(self.image(pixels))


def info_nce(left: Tensor, right: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Mean of -log softmax of each row's own pair among all, both ways; (S, H) twice -> scalar."""
    scores = F.normalize(left, dim=1) @ F.normalize(right, dim=1).T / temperature  # (S, S)
    own = torch.arange(len(scores))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def _paired(posts: Unlabelled) -> Unlabelled:
    """Posts with at least two of text, comment and picture: others have nothing to be told by."""
    rows = [
        (text, own, picture)
        for text, own, picture in zip(*posts, strict=True)
        if bool(text) + bool(own) + (picture is not None) >= 2
    ]
    if len(rows) < 2:
        raise ValueError(
            f"{len(rows)} of {len(posts.texts)} posts have two of text, comment and picture; "
            "pretraining tells posts apart and needs at least 2"
        )
    return Unlabelled(*(list(column) for column in zip(*rows, strict=True)))


def word_pieces(texts: Iterable[str], size: int) -> dict[str, int]:
    """Vocabulary of BERT's special tokens, every character, then the most frequent words, `size` pieces at most.

    Not the tokenizers library's training: it breaks ties by chance, so that a seed would not decide the encoders.
    """
    normalise, cut = BertNormalizer(lowercase=True).normalize_str, BertPreTokenizer().pre_tokenize_str
    counts = Counter(word for text in texts for word, _ in cut(normalise(text)))
    letters = sorted({letter for word in counts for letter in word})
    words = sorted(
        (word for word in counts if len(word) > 1 and counts[word] > 1), key=lambda word: (-counts[word], word)
    )
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *words]
    return {piece: number for number, piece in enumerate(pieces[:size])}


def _new_text_encoder(folder: Path, posts: Unlabelled, width: int, layers: int, vocabulary: int) -> None:
    texts = (*posts.texts, *(comment for own in posts.comments for comment in own))
    tokenizer = BertTokenizer(vocab=word_pieces(texts, vocabulary), do_lower_case=True, model_max_length=MAX_TOKENS)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=4 * width,
        max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id,
    )
    tokenizer.save_pretrained(folder)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)


def _train(
    model: _Pair,
    tokenizer: Tokenizer,
    posts: Unlabelled,
    draws: np.random.Generator,
    steps: int,
    batch_size: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    shown = progress or progress_lines("pretraining of small encoders, steps")
    preprocess = Preprocessing.of(model.image, SIDE)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=LEARNING_RATE, total_steps=max(steps, 2), pct_start=0.1
    )
    model.train()
    for step in range(steps):
        rows = draws.choice(len(posts.texts), min(batch_size, len(posts.texts)), replace=False)
        loss = _loss(model, tokenizer, preprocess, posts, rows.tolist(), draws)
        if loss is not None:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
        if loss is not None and not math.isfinite(float(loss.detach())):
            raise FloatingPointError(f"step {step}: the loss is {float(loss.detach())}")
        shown(step + 1, steps)
    model.eval()


def _loss(
    model: _Pair,
    tokenizer: Tokenizer,
    preprocess: Preprocessing,
    posts: Unlabelled,
    rows: list[int],
    draws: np.random.Generator,
) -> Tensor | None:
    """Sum over the pairs of modalities that at least two posts of the batch have; None if there is none."""
    own = [posts.comments[row] for row in rows]
    drawn = [comments[int(draws.integers(len(comments)))] if comments else "" for comments in own]
    views = [
        _texts(model, tokenizer, [posts.texts[row] for row in rows]),
        _texts(model, tokenizer, drawn),
        _pictures(model, preprocess, [posts.pictures[row] for row in rows]),
    ]
    losses = []
    for first, second in ((0, 1), (2, 1), (2, 0)):
        (left, has_left), (right, has_right) = views[first], views[second]
        both = has_left & has_right
        if both.sum() >= 2:
            losses.append(info_nce(left[both], right[both]))
    return torch.stack(losses).sum() if losses else None


def _texts(model: _Pair, tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    return model.embed_texts(tokenizer.pad(tokenizer(texts))), torch.tensor([bool(text) for text in texts])


def _pictures(model: _Pair, preprocess: Preprocessing, paths: list[Path | None]) -> tuple[Tensor, Tensor]:
    pixels = torch.zeros(len(paths), 3, SIDE, SIDE)
    present = torch.zeros(len(paths), dtype=torch.bool)
    for row, path in enumerate(paths):
        if path is not None:
            try:
                pixels[row], present[row] = preprocess(open_picture(path)), True
            except ValueError:  # encoding the pictures will list it
                continue
    vectors = torch.zeros(len(paths), model.projection.out_features)
    if present.sum() >= 2:  # batch statistics need two
        vectors[present] = model.embed_pictures(pixels[present])
    return vectors, present


def _save(folder: Path, temporary: Path, model: _Pair) -> None:
    model.text.save_pretrained(temporary)
    with fetching(str(temporary)):
        transformer = Transformer(str(temporary), max_seq_length=MAX_TOKENS)
    transformer.auto_model.pooler = None  # it was not trained
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    sentences = SentenceTransformer(modules=[transformer, pooling], device="cpu")
    sentences.save(str(temporary), create_model_card=False)
    shutil.rmtree(folder / "text", ignore_errors=True)
    os.replace(temporary, folder / "text")
    (folder / "image").mkdir(exist_ok=True)
    with replacing(folder / "image" / "model.safetensors") as path:
        save_file(model.image.state_dict(), path)
