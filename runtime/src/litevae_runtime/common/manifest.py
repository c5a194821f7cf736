"""manifest.json, which `litevae compile` leaves with the sha256 of every file beside it."""

import json
from pathlib import Path

from .errors import WeightsError
from .files import file_hash

MANIFEST = "manifest.json"


def check_manifest(file: Path) -> None:
    """WeightsError where a manifest beside `file` lists it with another hash: it was damaged or changed since."""
    try:
        manifest = json.loads((file.parent / MANIFEST).read_text(encoding="utf-8"))
        listed = manifest["files"][file.name]["sha256"] if "litevae" in manifest else None
    except (OSError, ValueError, KeyError, TypeError):
        # There is none, or it says nothing of this file.
        return
    if not file.is_file():
        return
    found = file_hash(file)
    if found != listed:
        raise WeightsError(
            f"{file} is not the file that was compiled: sha256 {found} instead of {listed}, as {MANIFEST} beside it says; "
            "copy it again, or compile that folder again; what was changed on purpose goes into a folder without that manifest"
        )
