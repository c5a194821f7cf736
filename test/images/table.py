"""Writes images of every format that is read, what they should be, and what training's reader makes of them: python table.py OUT.

OUT/table.json lists cases; `truth` and `read` name files of float32 [C, H, W]. Truth is computed here, by numpy, lcms or
scikit-image from the pixels that were written, and not by the reader.
"""

import json

from block_cases import blocks, compressions
from chunk_cases import checksums, chunks, orientations, palettes, pixels
from colour_cases import inks, profiles
from format_cases import bitmaps, others, warned_of
from image_cases import CASES, OUT
from layout_cases import left_out, opacity, own_layouts, white_is_zero
from name_cases import headers, other_names
from photograph_cases import eight_bits, sixteen_bits, transparency, turned
from predictor_cases import predictors
from sample_cases import damaged, floats_and_integers, nodata_under, volumes
from tiff_cases import odd_types, refusals, small, tags

for make in (
    eight_bits,
    other_names,
    headers,
    checksums,
    chunks,
    palettes,
    pixels,
    orientations,
    bitmaps,
    warned_of,
    others,
    transparency,
    sixteen_bits,
    inks,
    profiles,
    floats_and_integers,
    nodata_under,
    predictors,
    damaged,
    volumes,
    turned,
    white_is_zero,
    opacity,
    own_layouts,
    left_out,
    compressions,
    blocks,
    tags,
    odd_types,
    refusals,
    small,
):
    make()
(OUT / "table.json").write_text(json.dumps(CASES))
