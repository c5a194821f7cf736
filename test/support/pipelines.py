"""What a pipeline of diffusers needs beside an autoencoder: networks of random weights that run in seconds."""

import json
from pathlib import Path
from typing import Any

from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


def stable_diffusion(vae: Any, folder: Path) -> Any:
    """A pipeline of text to image around an autoencoder of four latent channels; its tokenizer's files go into `folder`."""
    return StableDiffusionPipeline(
        vae=vae,
        **text(folder / "text", CLIPTextModel),
        unet=unet(cross_attention_dim=16),
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def text(folder: Path, kind: Any) -> dict[str, Any]:
    """A tokenizer of two words, and an encoder of random weights."""
    folder.mkdir(exist_ok=True)
    words = ["<|startoftext|>", "<|endoftext|>", "a</w>", "cat</w>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=8)
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "projection_dim": 16,
        "vocab_size": 4,
    }
    depth: dict[str, Any] = {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 8}
    return {
        "tokenizer": tokenizer,
        "text_encoder": kind(CLIPTextConfig(**sizes, **depth, bos_token_id=0, eos_token_id=1)),
    }


def unet(**more: Any) -> Any:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=2,
        **more,
    )
