"""Training: recipe, pictures, losses, the loop and what survives it."""
