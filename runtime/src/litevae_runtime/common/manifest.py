"""What says with which sha256 files were written: `litevae compile`'s manifest.json, and a checkpoint's state.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import WeightsError
from .files import file_hash
from .run_folder import STATE
from .sealed import opened

MANIFEST = "manifest.json"

_COMPILE_AGAIN = (
    "compile that folder again; what was changed on purpose goes into a folder without that manifest"
)


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
    """WeightsError where a manifest or a checkpoint's state beside `file` lists it with another hash, so that it was damaged or
    changed since, where a file that one lists is missing, and where one is damaged itself.
    """
    for listing, hashes, done, remedy in (
        (MANIFEST, _hashes(_listed(file.parent)), "compiled", _COMPILE_AGAIN),
        (STATE, _of_checkpoint(file.parent), "written", "take another checkpoint"),
    ):
        listed = hashes.get(file.name)
        if listed is None:
            # It says nothing of this file.
            continue
        if not file.is_file():
            raise WeightsError(f"{file} is missing, and {listing} beside it lists it: copy the folder again")
        found = file_hash(file)
        if found != listed:
            raise WeightsError(
                f"{file} is not the file that was {done}: sha256 {found} instead of {listed}, as {listing} beside it says; "
                f"copy it again, or {remedy}"
            )


def _hashes(files: Mapping[str, Any] | None) -> dict[str, Any]:
    """The sha256 of each entry of a manifest that has one."""
    entries = (files or {}).items()
    return {name: entry["sha256"] for name, entry in entries if isinstance(entry, dict) and "sha256" in entry}


def _of_checkpoint(folder: Path) -> dict[str, Any]:
    """The sha256 of a checkpoint's files by their names; nothing where a folder is none, or an older version wrote it."""
    file = folder / STATE
    try:
        files = opened(file.read_text(encoding="utf-8")).get("files")
    except OSError:
        return {}
    except (ValueError, TypeError) as error:
        raise WeightsError(f"{file} is damaged ({error}): take another checkpoint") from error
    return files if isinstance(files, dict) else {}


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
