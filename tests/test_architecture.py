"""The rules about the tree itself, checked on the files, so that they hold for whatever is added."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PACKAGES = ("streams", "detectors", "sinks", "schemas")
SHELL = Path("streams/shell")
FAUST = frozenset({"faust", "mode", "aiokafka"})
MOST_LINES = 400

FILES = sorted(
    path.relative_to(REPO)
    for package in PACKAGES
    for path in (REPO / package).rglob("*.py")
    if "__pycache__" not in path.parts
)


def imported(source: str) -> set[str]:
    """The top-level names of everything that a module imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_check_sees_an_import_inside_a_function() -> None:
    source = "def run():\n    import faust.types\n    from mode.utils import objects\n    from .faust import own\n"
    assert imported(source) == {"faust", "mode"}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_ours(package: str) -> None:
    found = importlib.import_module(package).__file__
    assert found is not None, f"{package} has no __init__.py"
    assert Path(found).resolve() == REPO / package / "__init__.py"


def test_only_the_shell_imports_faust() -> None:
    outside = [path for path in FILES if not path.is_relative_to(SHELL)]
    assert [str(path) for path in outside if FAUST & imported((REPO / path).read_text())] == []


def test_no_file_is_too_long() -> None:
    lines = {str(path): len((REPO / path).read_text().splitlines()) for path in FILES}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_every_folder_with_code_is_a_package() -> None:
    # The packages are found by their __init__.py: a folder without one would be missing from an installed copy.
    folders = {path.parent for path in FILES}
    assert [str(folder) for folder in sorted(folders) if not (REPO / folder / "__init__.py").exists()] == []
