"""manifest.json, which `litevae compile` leaves with the sha256 of every file beside it."""

import json
from pathlib import Path
from typing import Any

from .errors import WeightsError
from .files import file_hash

MANIFEST = "manifest.json"


def is_compiled(folder: Path) -> bool:
    """Whether a folder is as `litevae compile` left it: other weights do not belong beside what it wrote of its own."""
    try:
        return _listed(folder) is not None
    except WeightsError:
        # What is damaged is not written over.
        return True


def refuse_compiled(folder: Path) -> None:
    """ValueError where weights are to be saved into such a folder."""
    if is_compiled(folder):
        raise ValueError(
            f"{folder} was compiled, and what lies there is of the weights it was compiled with: save into another folder"
        )


def check_manifest(file: Path) -> None:
    """WeightsError where a manifest beside `file` lists it with another hash, so that it was damaged or changed since, where
    a file that it lists is missing, and where it is damaged itself.
    """
    manifest = _listed(file.parent) or {}
    try:
        listed = manifest[file.name]["sha256"]
    except (KeyError, TypeError):
        # It says nothing of this file.
        return
    if not file.is_file():
        raise WeightsError(f"{file} is missing, and {MANIFEST} beside it lists it: copy the folder again")
    found = file_hash(file)
    if found != listed:
        raise WeightsError(
            f"{file} is not the file that was compiled: sha256 {found} instead of {listed}, as {MANIFEST} beside it says; "
            "copy it again, or compile that folder again; what was changed on purpose goes into a folder without that manifest"
        )


def _listed(folder: Path) -> dict[str, Any] | None:
    """What a folder's manifest says of files; None where there is none, or it is of something else."""
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError as error:
        raise WeightsError(
            f"{file} is damaged ({error}): copy the folder again, or compile it again"
        ) from error
    if not isinstance(manifest, dict) or "litevae" not in manifest:
        return None
    if not isinstance(manifest.get("files"), dict):
        raise WeightsError(
            f"{file} is damaged (it lists no files): copy the folder again, or compile it again"
        )
    return dict(manifest["files"])
