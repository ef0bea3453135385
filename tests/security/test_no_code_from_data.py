"""Nothing that comes from a topic or a file is ever run: the means to do so are not used anywhere."""

from __future__ import annotations

import ast

import pytest

from tests.test_architecture import FILES, REPO

MODULES = frozenset(
    {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop"}
)
BUILTINS = frozenset({"eval", "exec", "compile", "__import__"})
# What else runs or loads code; compile and the like of other modules (re.compile) are something different.
CALLS = frozenset(
    {
        "yaml.load", "yaml.full_load", "yaml.unsafe_load", "os.system", "os.popen", "os.execv", "os.execve",
        "os.execvp", "os.execvpe", "os.spawnv", "os.spawnve", "os.posix_spawn", "pty.spawn", "runpy.run_path",
        "runpy.run_module",
        "importlib.import_module", "importlib.reload", "builtins.eval", "builtins.exec", "builtins.compile",
        "numpy.load", "np.load",
    }
)  # fmt: skip
# The demo starts the worker as a process of its own.
MAY_START_PROCESSES = {"streams/counting/pool.py", "streams/demo/child.py"}


def found(source: str) -> set[str]:
    """What of the above a module uses, and ``subprocess``, wherever in it that stands."""
    seen: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            seen.update(CALLS & {f"{node.module}.{alias.name}" for alias in node.names})
        elif isinstance(node, ast.Name):
            seen.update(BUILTINS & {node.id})
            continue
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            seen.update(CALLS & {f"{node.value.id}.{node.attr}"})
            continue
        elif isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                seen.add(f"{node.arg}=")
            continue
        else:
            continue
        seen.update((MODULES | {"subprocess", "multiprocessing"}) & {name.partition(".")[0] for name in names})
    return seen


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    import pickle", {"pickle"}),
        ("from marshal import loads", {"marshal"}),
        ("x = eval(text)", {"eval"}),
        ("run = exec", {"exec"}),
        ("import yaml\nyaml.load(text)", {"yaml.load"}),
        ("from yaml import load", {"yaml.load"}),
        ("from subprocess import run\nrun('ls', shell=True)", {"subprocess", "shell="}),
        ("f(shell=flag)", {"shell="}),
        ("import os\nos.system(line)", {"os.system"}),
        ("import re, yaml\nre.compile('x')\nyaml.safe_load(text)\nf(shell=False)", set()),
    ],
)
def test_the_check_sees_it(source: str, expected: set[str]) -> None:
    assert found(source) == expected


def test_nothing_runs_data() -> None:
    used = {str(path): found((REPO / path).read_text()) for path in FILES}
    assert len(used) > 50
    processes = {path for path, names in used.items() if names & {"subprocess", "multiprocessing"}}
    assert processes == MAY_START_PROCESSES
    others = {path: names - {"subprocess"} for path, names in used.items()}
    assert {path: names for path, names in others.items() if names} == {}
