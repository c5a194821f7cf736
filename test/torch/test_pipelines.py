"""Pipelines of diffusers run on a LiteVAE, with random networks beside it, and keep it in their folders."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import litevae, package
from diffusers import (
    DDIMScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
)
from support.pipelines import stable_diffusion, text, unet
from transformers import CLIPTextModel, CLIPTextModelWithProjection

MODEL = Path(__file__).parent / "models" / "pipeline.ts"
SCALE, SHIFT = 0.7, 0.3
SIDE = 64


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    out = tmp_path_factory.mktemp("pipelines") / "out"
    result = litevae("compile", MODEL, "-o", out, "--target", "torch")
    assert result.returncode == 0, result.stderr
    with package(out) as module:
        model = module.Autoencoder.from_pretrained(out)
        model.register_to_config(
            scaling_factor=SCALE, shift_factor=SHIFT, latents_mean=[1.0] * 4, latents_std=[2.0] * 4
        )
        yield model


def noting(add_noise: Any, seen: list[torch.Tensor]) -> Any:
    """`add_noise` that notes the latents which it is given."""

    def noted(latents: torch.Tensor, *rest: Any) -> torch.Tensor:
        seen.append(latents)
        made: torch.Tensor = add_noise(latents, *rest)
        return made

    return noted


@pytest.fixture
def pipeline(vae: Any, tmp_path: Path) -> Any:
    torch.manual_seed(0)
    return stable_diffusion(vae, tmp_path)


def run(pipeline: Any, **more: Any) -> Any:
    seeded = torch.Generator().manual_seed(1)
    return pipeline("a cat", num_inference_steps=2, generator=seeded, output_type="pt", **more).images


def test_text_to_image_decodes_what_the_unet_gives(pipeline: Any, vae: Any) -> None:
    image = run(pipeline, height=SIDE, width=SIDE)
    seeded = torch.Generator().manual_seed(1)
    latent = pipeline(
        "a cat", num_inference_steps=2, generator=seeded, output_type="latent", height=SIDE, width=SIDE
    ).images
    assert latent.shape == (1, 4, SIDE // vae.stride, SIDE // vae.stride)
    with torch.no_grad():
        wanted = (vae.decode(latent / SCALE).sample / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(image, wanted)


def test_image_to_image_scales_latents_once(pipeline: Any, vae: Any) -> None:
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    seen: list[torch.Tensor] = []
    again: Any = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    again.scheduler.add_noise = noting(again.scheduler.add_noise, seen)
    assert run(again, image=image, strength=1.0).shape == image.shape
    with torch.no_grad():
        posterior = vae.encode(image * 2 - 1).latent_dist
    torch.testing.assert_close(seen[0], SCALE * posterior.sample(torch.Generator().manual_seed(1)))


def test_pipelines_that_know_channels_do_not_scale_twice(vae: Any, tmp_path: Path) -> None:
    """SDXL divides by latents_std, on top of scaling_factor, wherever it finds both."""
    torch.manual_seed(0)
    first = text(tmp_path / "one", CLIPTextModel)
    second = text(tmp_path / "two", CLIPTextModelWithProjection)
    wide = unet(
        cross_attention_dim=32,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=16 + 5 * 8,
        transformer_layers_per_block=1,
    )
    sdxl: Any = StableDiffusionXLImg2ImgPipeline(
        vae=vae,
        **first,
        text_encoder_2=second["text_encoder"],
        tokenizer_2=second["tokenizer"],
        unet=wide,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        requires_aesthetics_score=True,
        add_watermarker=False,
    )
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    seen: list[torch.Tensor] = []
    sdxl.scheduler.add_noise = noting(sdxl.scheduler.add_noise, seen)
    assert run(sdxl, image=image, strength=1.0).shape == image.shape
    with torch.no_grad():
        posterior = vae.encode(image * 2 - 1).latent_dist
    torch.testing.assert_close(seen[0], SCALE * posterior.sample(torch.Generator().manual_seed(1)))


def test_a_pipelines_folder_keeps_the_autoencoder(pipeline: Any, vae: Any, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "saved")
    config = json.loads((tmp_path / "saved" / "vae" / "config.json").read_text())
    assert config["scaling_factor"] == SCALE and "safe_serialization" not in config
    loaded = StableDiffusionPipeline.from_pretrained(
        tmp_path / "saved", safety_checker=None, torch_dtype=torch.float32
    )
    assert type(loaded.vae) is type(vae) and loaded.vae.latent_statistics == vae.latent_statistics
    sides = {"height": SIDE, "width": SIDE}
    torch.testing.assert_close(run(loaded, **sides), run(pipeline, **sides))
    pipeline.enable_vae_slicing()
    with pytest.warns(UserWarning, match="blended tiles"):
        pipeline.enable_vae_tiling()
    assert vae.use_slicing and vae.use_tiling
    pipeline.disable_vae_slicing()
    pipeline.disable_vae_tiling()
