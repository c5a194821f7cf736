"""The tiny model's package and what it encoded: made once, for all tests of latents."""

import sys
from pathlib import Path

import pytest
from latents.encodings import Project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("latents"))
    sys.path.insert(0, str(made.folder))
    return made


@pytest.fixture(scope="session")
def encoded(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All images and the mirrored ones, by one process."""
    out = tmp_path_factory.mktemp("encoded") / "latents"
    assert project.encode(out, "--flip") == 0
    return out


@pytest.fixture(scope="module", autouse=True)
def _made_before(encoded: Path) -> None:
    """What a module's tests make goes with it (test/conftest.py); this is made before, and stays for the others."""
