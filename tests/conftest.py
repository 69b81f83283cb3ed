"""Fixtures that several files share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Callable[[str], str]:
    """Return the path of a real export, or skip where there is none."""

    def path(name: str) -> str:
        file = REAL / name
        if not REAL.is_dir():
            pytest.skip(f"no real exports: {REAL} is absent")
        assert file.exists(), f"{file} is missing from the real exports"
        return str(file)

    return path


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's machine reaches a test."""
    from visitseg.config import option_fields

    for field in option_fields():
        if env := field.metadata.get("env"):
            monkeypatch.delenv(env, raising=False)
    monkeypatch.chdir(tmp_path)
    os.environ.setdefault("NO_COLOR", "1")
