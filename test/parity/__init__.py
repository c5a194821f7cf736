"""Parity of the compiled graphs and packages with the reference."""
