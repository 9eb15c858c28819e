"""Mirrors datamodules/tweets.py."""

import time

import pytest

from datamodules.tweets import clean_tweet, normalised


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("RT @anna: look  \n http://t.co/x1 (https://a.b/c).", "RT @USER: look HTTPURL (HTTPURL)."),
        ("mail me@home.org, not ＠me", "mail me@home.org, not @USER"),
        ("see www.a.org and pic.twitter.com/Zz9!", "see HTTPURL and HTTPURL!"),
        ("cut off http://…", "cut off HTTPURL…"),
        ("", ""),
    ],
)
def test_mentions_and_links_become_tags(text: str, clean: str) -> None:
    assert clean_tweet(text) == clean
    assert clean_tweet(clean) == clean


def test_two_retweets_of_a_text_are_alike_when_normalised() -> None:
    one = normalised("RT @anna: The SNOWY owl,\tflew! http://t.co/a")
    assert one == normalised("the snowy owl flew  @bob #") == "the snowy owl flew"
    assert one != normalised("the snowy owl slept")
    assert normalised("ＦＵＬＬ width") == "full width"


def test_a_hostile_text_takes_linear_time() -> None:
    begin = time.perf_counter()
    clean_tweet("http://" + "." * 300_000 + "@" * 300_000)
    assert time.perf_counter() - begin < 2
