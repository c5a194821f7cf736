"""What says with which sha256 files were written: a compile's manifest.json, a checkpoint's state.json, a run's hashes.json."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .errors import WeightsError
from .files import file_hash, write_text
from .run_folder import HASHES, STATE
from .sealed import opened, sealed

MANIFEST = "manifest.json"

_COMPILE_AGAIN = (
    "compile that folder again; what was changed on purpose goes into a folder without that manifest"
)


_OTHER_CHECKPOINT = "take another checkpoint"
_TAKE_CHECKPOINT = (
    f"take a checkpoint of the run; what was changed on purpose goes into a folder without {HASHES}"
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


def write_hashes(folder: Path, names: Iterable[str]) -> None:
    """Says in hashes.json with which sha256 these files of a folder were written."""
    write_text(folder / HASHES, sealed({"files": {name: file_hash(folder / name) for name in names}}))


def check_manifest(file: Path) -> None:
    """WeightsError where a manifest, a checkpoint's state or a run's hashes beside `file` list it with another hash, so that it
    was damaged or changed since, where a file that one lists is missing, and where one is damaged itself.
    """
    for listing, hashes, done, remedy in (
        (MANIFEST, _hashes(_listed(file.parent)), "compiled", _COMPILE_AGAIN),
        (STATE, _sealed_hashes(file.parent / STATE, _OTHER_CHECKPOINT), "written", _OTHER_CHECKPOINT),
        (HASHES, _sealed_hashes(file.parent / HASHES, _TAKE_CHECKPOINT), "written", _TAKE_CHECKPOINT),
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


def _sealed_hashes(file: Path, remedy: str) -> dict[str, Any]:
    """The sha256 of files by their names; nothing where there is no such list, or an older version wrote it."""
    try:
        files = opened(file.read_text(encoding="utf-8")).get("files")
    except OSError:
        return {}
    except (ValueError, TypeError) as error:
        raise WeightsError(f"{file} is damaged ({error}): {remedy}") from error
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
