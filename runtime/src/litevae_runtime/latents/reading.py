"""The manifest of a folder of latents, read; torch and safetensors suffice for it."""

from pathlib import Path
from typing import Any

from ..common.errors import InputError
from ..common.manifest import is_compiled
from ..common.sealed import opened
from .layout import FORMAT, MANIFEST, PARTS


def read_manifest(folder: Path) -> dict[str, Any]:
    """InputError where a folder has none, or it is damaged or of another format."""
    file = folder / MANIFEST
    if not file.is_file():
        unfinished = (folder / PARTS).is_dir()
        raise InputError(
            f"{folder} holds no latents" if not unfinished else f"the latents in {folder} are not finished",
            expected=f"a folder with {MANIFEST}, which encode writes at its end",
            found="an encoding that was interrupted" if unfinished else f"no {MANIFEST}",
            remedy="run the same encode command again: it continues"
            if unfinished
            else "give the folder that encode wrote, its --output",
        )
    if is_compiled(folder):
        raise InputError(
            f"{folder} holds no latents",
            expected="a folder that encode wrote",
            found="a model, which compile wrote",
            remedy="give the folder that encode wrote, its --output",
        )
    return read_sealed(file)


def read_sealed(file: Path) -> dict[str, Any]:
    """A manifest, or the settings of an encoding that is not finished."""
    try:
        fields = opened(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{file} is damaged", found=str(error), remedy="copy the folder again, or encode into another"
        ) from error
    if fields.get("format") != FORMAT:
        raise InputError(
            f"{file} is not of latents that can be read here",
            expected=f"format {FORMAT}",
            found=f"format {fields.get('format')}",
            remedy="encode into another --output",
        )
    return fields
