"""Evaluation: what a trained or compiled autoencoder is worth, measured as papers do it."""
