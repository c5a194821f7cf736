"""Encoded latents in the layouts that trainers of diffusion models read."""
