"""Training: recipe, images, losses, the loop and what survives it."""
