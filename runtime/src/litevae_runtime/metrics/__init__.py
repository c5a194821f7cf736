"""What is measured of reconstructions and latents."""
