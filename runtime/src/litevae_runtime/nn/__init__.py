"""Layers and models, and what is found out about them."""
