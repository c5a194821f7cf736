"""Teachers of diffusers' files give what its AutoencoderKL gives: by our classes, and by its own where these do not suffice."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from litevae_runtime.nn.kl import DiffusersKl
from litevae_runtime.nn.posterior import DiagonalGaussian
from litevae_runtime.nn.teacher import load_teacher
from support.peer import noise

TWO: dict[str, Any] = {
    "block_out_channels": [32, 64],
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
}
FORMS: dict[str, dict[str, Any]] = {
    "attention at a level": {
        **TWO,
        "down_block_types": ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
        "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
        "layers_per_block": 2,
    },
    "none, and no quant_conv": {
        **TWO,
        "latent_channels": 16,
        "mid_block_add_attention": False,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "shift_factor": 0.1,
    },
    "other norms": {**TWO, "norm_num_groups": 8},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_teacher_gives_what_diffusers_gives(form: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs: Any = AutoencoderKL(**FORMS[form])
    theirs.eval()
    theirs.save_pretrained(tmp_path / "pipeline" / "vae")
    ours = load_teacher(tmp_path / "pipeline", "--teacher")
    assert isinstance(ours.model, DiffusersKl) == (form == "other norms")
    assert ours.statistics is not None
    shift = theirs.config.shift_factor or 0.0
    assert (ours.statistics.scaling_factor, ours.statistics.shift_factor) == (0.18215, shift)
    image = noise(2, 3, 32, 48)
    with torch.no_grad():
        expected, found = theirs.encode(image).latent_dist, ours.encode(image)
        assert isinstance(found, DiagonalGaussian)
        torch.testing.assert_close(found.mean, expected.mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.logvar, expected.logvar, rtol=1e-4, atol=1e-5)
        decoded = theirs.decode(expected.mean).sample
        torch.testing.assert_close(ours.decode(expected.mean), decoded, rtol=1e-4, atol=1e-4)
