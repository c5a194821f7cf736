"""Latents of a data set on a disk: encoded, described by a manifest, read again, and in the layouts of other trainers."""
