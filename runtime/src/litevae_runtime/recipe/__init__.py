"""The recipe of a run: its fields, and how one is read."""
