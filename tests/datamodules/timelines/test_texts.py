"""Mirrors datamodules/timelines/texts.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.timelines.settings import Texts
from datamodules.timelines.texts import TextPipeline

KEEPING, STRIPPING = TextPipeline(Texts()), TextPipeline(Texts(hashtags="strip"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dogs were RUNNING over hills!", "dog run hill"),
        ("this/that, red-hot t-shirts", "red hot t shirt"),  # marks part words
        ("don't you`re isn’t wouldn't've cat", "wouldntve cat"),  # apostrophes do not
        ("the children's toys; dogs' bones", "child toy dog bone"),
        ("see https://a.bc/d?e=f. and www.g.hi now", ""),
        ("HTTPURL @USER as prepared posts have them", "prepare post"),
        ("RT @bob_1: snow @ann's hat, mail a@snow.org", "snow hat mail snow org"),
        ("art RT", "art rt"),
        ("rock &amp; roll &lt;3 &#39;twas", "rock roll twas"),
        ("cat :) :D xD XDD <3 </3 :-P ;P =D :'D :o :3 8-D o_O T_T D: ^_^", "cat"),
        ("cat:D dog:P", "cat dog"),
        ("at 3:30 16:9 <30 <3.5 Windows XP 8)", "3 30 16 9 30 3 5 window xp 8"),  # no emoticons
        ("snow ☃️😀👩‍👩‍👧🇩🇪 1️⃣", "snow 1"),
        ("Ärger naïve CAFÉ İstanbul नमस्ते", "ärger naïve café istanbul नमस्ते"),
        ("soft\u00adhyphen zero\u200dwidth", "softhyphen zerowidth"),
        ("", ""),
        ("... :) the", ""),
    ],
)  # fmt: skip
def test_cleaning_by_hand(text: str, words: str) -> None:
    assert KEEPING.words(text) == words.split()


@pytest.mark.parametrize(
    ("text", "kept", "stripped"),
    [
        ("#Dogs are dogs", "#dogs dog", "dog dog"),  # a kept tag has no lemma
        ("#the #Love#Snow_Day ＃wide", "#the #love #snowday #wide", "love snowday wide"),  # nor is it a stop word
        ("#don't #2019 #a2 C# & x#y", "#dont 2019 #a2 c x y", "2019 a2 c x y"),
        ("#XD xD #oO_o ＃D: #T_T", "#xd #ooo #d #tt", "xd ooo d tt"),  # only one of these is an emoticon
        ("#日本 #Türkçe", "#日本 #türkçe", "日本 türkçe"),
    ],
)
def test_hashtags_are_one_word_with_the_sign_or_without(text: str, kept: str, stripped: str) -> None:
    assert KEEPING.words(text) == kept.split()
    assert STRIPPING.words(text) == stripped.split()


def test_stop_words_go_before_lemmas_are_looked_up() -> None:
    assert KEEPING.words("she used us") == ["use"]  # "us" is a stop word, its lemma "we" too
    assert KEEPING.words("doing") == ["do"]  # "do" is a stop word, "doing" is none


def test_texts_cleaned_at_once_are_as_one_by_one() -> None:
    texts = ["A dog #run", "", "dogs", "naïve DOG\0cat", "the"]
    found = KEEPING(texts)
    words = found.words.take(found.numbers).to_pylist()
    ends = found.lengths.cumsum()
    assert [words[end - length : end] for end, length in zip(ends, found.lengths, strict=True)] == [
        KEEPING.words(text) for text in texts
    ]
    assert len(set(found.words.to_pylist())) == len(found.words)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30))
def test_words_are_letters_and_digits_of_any_script(text: str) -> None:
    words = STRIPPING.words(text)
    assert all(word and not any(mark.isspace() or mark in "#@'’😀!" for mark in word) for word in words)
    assert all(word == word.lower() for word in words)
