"""Mirrors lightning_modules/base_classifiers.py."""

import torch

from lightning_modules import BertCnn

PRESENT = torch.tensor([[True, True], [True, False], [False, True], [False, False]])


def test_bert_cnn_is_a_linear_layer_on_both_projections() -> None:
    torch.manual_seed(0)
    base, image, text = BertCnn(4, 6, hidden_size=3), torch.randn(4, 4), torch.randn(4, 6)
    output = base(image, text, PRESENT)
    for post, (has_image, has_text) in enumerate(PRESENT.tolist()):
        v = (base.image.weight @ image[post] + base.image.bias) * has_image
        t = (base.text.weight @ text[post] + base.text.bias) * has_text
        torch.testing.assert_close(output.image[post], v)
        torch.testing.assert_close(output.text[post], t)
        torch.testing.assert_close(output.fusion[post], base.fusion.weight @ torch.cat([t, v]) + base.fusion.bias)


def test_a_grid_of_regions_counts_as_its_mean() -> None:
    base, grid, text = BertCnn(4, 6, hidden_size=3), torch.randn(4, 9, 4), torch.randn(4, 6)
    torch.testing.assert_close(base(grid, text, PRESENT), base(grid.mean(1), text, PRESENT))


def test_an_absent_modality_is_a_zero_vector_and_gets_no_gradient() -> None:
    base, image, text = BertCnn(4, 6, hidden_size=3), torch.randn(4, 4), torch.randn(4, 6)
    text_only = torch.tensor([[False, True]]).expand(4, 2)
    output = base(image, text, text_only)
    assert not output.image.any()
    output.fusion.sum().backward()
    assert not base.image.weight.grad.any()
    assert not base.image.bias.grad.any()
    assert base.text.weight.grad.any()
