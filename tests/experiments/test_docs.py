"""Mirrors experiments/docs.py: generated pages are up to date, and every setting is told."""

import pytest

from experiments import docs


def test_the_generated_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_every_setting_stands_on_the_page_with_its_meaning() -> None:
    blocks = {block.title: {line[0]: line[1:] for line in block.lines} for block in docs.settings_page().blocks}
    rate = blocks["model: CommentAwareClassifier"]["model.lr"]
    assert rate == ["1e-05", "AdamW's peak learning rate (Section 4.2: 1e-5)."]
    assert blocks["model: EmotionClassifier"]["model.lr"] == ["0.01", "of SGD (Section 5.4: 0.01)."]
    assert all(meaning for lines in blocks.values() for _, meaning in lines.values())


def test_an_argument_without_a_word_is_named() -> None:
    class Silent:
        """One line.

        Args:
            told: something.
        """

        def __init__(self, told: int, untold: int) -> None: ...

    with pytest.raises(ValueError, match="untold"):
        list(docs.arguments(Silent))
