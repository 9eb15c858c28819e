"""Mirrors experiments/steps/words.py."""

from typing import Any

from datamodules.posts import Posts
from encoders.vocabulary import Vocabulary, words_of


def test_the_vocabulary_has_every_word_of_the_training_texts(common: Any) -> None:
    posts = Posts(common.folder("benchmark") / "posts")
    texts = posts.texts(posts.split()["train"])
    known = Vocabulary(common.folder("words"))
    assert set(known.words) == {word for text in texts for word in words_of(text)}
    assert known.vectors().shape == (len(known), 8)
