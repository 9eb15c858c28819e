"""datamodules/emotion.py under Lightning's own trainer, with the classifier it is made for."""

from collections.abc import Callable
from pathlib import Path

import lightning as L
import pytest
import torch

from datamodules.emotion import EmotionData
from encoders.stored import StoredVectors
from encoders.vocabulary import Vocabulary
from encoders.words import WordPooling
from lightning_modules import CommonSpace, EmotionClassifier

WIDTH = 4  # as in conftest.py


@pytest.fixture
def classifier(emotion_inputs: dict[str, Path]) -> Callable[..., EmotionClassifier]:
    """Make the common-space classifier, each time with the same weights, without dropout."""

    def made(dropout: float = 0.0, **options: object) -> EmotionClassifier:
        torch.manual_seed(0)
        encoders = {"image": StoredVectors(WIDTH), "text": WordPooling(emotion_inputs["words"], dropout=dropout)}
        return EmotionClassifier(3, encoders, **({"auxiliary": CommonSpace(), "hidden_size": 5, "lr": 0.02} | options))

    return made


def trainer(epochs: int, **options: object) -> L.Trainer:
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    return L.Trainer(
        **({"accelerator": "cpu", "devices": 1, "max_epochs": epochs, "num_sanity_val_steps": 0} | quiet | options)
    )


@pytest.mark.usefixtures("_can_fork")
def test_two_processes_train_to_the_weights_of_one(
    emotion_data: Callable[..., EmotionData], classifier: Callable[..., EmotionClassifier]
) -> None:
    """With sparse gradients of words, negatives, modality drop, and a last step that has a filler row."""
    options = {"stage": "", "negatives": 3, "modality_drop": 0.2}
    one, two, untrained = classifier(), classifier(), classifier()
    alone, pair = trainer(3), trainer(3, devices=2, strategy="ddp_fork")
    alone.fit(one, emotion_data(**options))
    pair.fit(two, emotion_data(**options))
    torch.testing.assert_close(two.state_dict(), one.state_dict())
    scores = [{name: fit.callback_metrics[name].item() for name in ("val/loss", "val/f1")} for fit in (alone, pair)]
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)
    moved = [name for name, value in one.named_parameters() if not torch.equal(value, untrained.get_parameter(name))]
    assert moved == [name for name, _ in one.named_parameters()]


@pytest.mark.parametrize("store", ["unread", "nothing"])
def test_a_set_without_any_picture_trains_on_its_texts(
    emotion_data: Callable[..., EmotionData],
    classifier: Callable[..., EmotionClassifier],
    emotion_inputs: dict[str, Path],
    store: str,
) -> None:
    model, before = classifier(), classifier().state_dict()
    data = emotion_data(stage="", image_features=emotion_inputs[store], negatives=2)
    trainer(1).fit(model, data)
    assert data.ids("train") == [f"e/{number}" for number in range(13) if number not in (2, 3, 5)]
    for name, value in model.state_dict().items():
        if name.startswith(("encoders", "fusion", "head")):
            assert torch.equal(value, before[name]) == name.startswith("fusion")
            assert value.isfinite().all()


def test_words_that_only_other_posts_say_never_move(
    emotion_data: Callable[..., EmotionData],
    classifier: Callable[..., EmotionClassifier],
    emotion_inputs: dict[str, Path],
) -> None:
    """e/3 has no label: its text is in the vocabulary, but in no step."""
    model, before = classifier(dropout=0.25), classifier().encoders["text"].table.weight.detach()
    data = emotion_data(stage="", negatives=2)
    trainer(4).fit(model, data)
    learned = Vocabulary(emotion_inputs["words"])([" ".join(data.posts.texts(data.ids("train")))])[0]
    moved = (model.encoders["text"].table.weight != before).any(1).nonzero().flatten().tolist()
    assert set(moved) <= set(learned) < set(range(1, len(before)))
    assert len(moved) > len(before) / 2


def test_resuming_goes_on_with_the_same_steps(
    emotion_data: Callable[..., EmotionData], classifier: Callable[..., EmotionClassifier], tmp_path: Path
) -> None:
    """Without dropout, which has a random state of its own."""
    options, whole, again = {"stage": "", "negatives": 2, "modality_drop": 0.3}, classifier(), classifier()
    trainer(4).fit(whole, emotion_data(**options))
    first = trainer(2)
    first.fit(classifier(), emotion_data(**options))
    first.save_checkpoint(tmp_path / "two.ckpt")
    trainer(4).fit(again, emotion_data(**options), ckpt_path=tmp_path / "two.ckpt", weights_only=True)
    torch.testing.assert_close(again.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_the_trainer_predicts_every_post_in_order(
    emotion_data: Callable[..., EmotionData], classifier: Callable[..., EmotionClassifier]
) -> None:
    data = emotion_data(stage="", batch_size=3, num_workers=2)
    batches = trainer(1).predict(classifier(), data)
    assert torch.cat([batch.row for batch in batches]).tolist() == [0, 1, 2, 3]
    assert torch.cat([batch.present for batch in batches]).tolist() == [[False, False], *[[True, True]] * 3]
    assert torch.cat([batch.probabilities for batch in batches]).sum(1).tolist() == pytest.approx([1] * 4)
