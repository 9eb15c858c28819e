"""Texts as the papers clean them."""

import re
import unicodedata

_MENTION = re.compile(r"(?<!\w)[@＠]\w+")
_LINK = re.compile(r"(?:https?://|\bwww\.|\bpic\.twitter\.com/)\S*", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'\"…”’"
_WORDS = re.compile(r"[^\W_]+")


def clean_tweet(text: str) -> str:
    """Mentions become @USER, links HTTPURL, white space single blanks (CAST, Section 3.1; BERTweet's tags).

    Cleaning a clean text changes nothing.
    """
    return " ".join(_MENTION.sub("@USER", _LINK.sub(_tag, text)).split())


def normalised(text: str) -> str:
    """What two copies of a text share: its words without case, width, mentions, links, marks and a leading "RT"."""
    clean = clean_tweet(text).replace("@USER", " ").replace("HTTPURL", " ")
    words = _WORDS.findall(unicodedata.normalize("NFKC", clean).casefold())
    return " ".join(words[1:] if words[:1] == ["rt"] else words)


def _tag(link: re.Match[str]) -> str:
    whole = link.group()
    return "HTTPURL" + whole[len(whole.rstrip(_TRAILING)) :]
