"""Secrets of connectors and webhooks: from an environment variable or a file, never from the configuration itself."""

import os
import re
from pathlib import Path

from msgspec import Struct

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


def check_secret(config: Struct, key: str, *, needed: bool = True) -> None:
    """Whether ``key_env`` or ``key_file`` says where the secret is.

    Raises:
        ValueError: naming the key. The value is not repeated: it may be the secret, written in the wrong place.
    """
    env, file = getattr(config, f"{key}_env"), getattr(config, f"{key}_file")
    if env and not _VARIABLE(env):
        raise ValueError(f"{key}_env: expected the name of an environment variable")
    if env and file:
        raise ValueError(f"{key}_env: expected either {key}_env or {key}_file")
    if needed and not (env or file):
        raise ValueError(f"{key}_env: is missing; it names the environment variable that holds it, or write {key}_file")


def secret(config: Struct, key: str) -> str:
    """The secret itself.

    Raises:
        ValueError: naming the key, if it is not where the configuration says.
    """
    env, file = getattr(config, f"{key}_env"), getattr(config, f"{key}_file")
    if env:
        return variable(f"{key}_env", env)
    if not file:
        return ""
    try:
        found = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{key}_file: {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{key}_file: {file}: expected text in UTF-8") from None
    if not found:
        raise ValueError(f"{key}_file: {file}: is empty")
    return found


def told(config: Struct, key: str) -> str:
    """Where the secret is, in words; for a message about one that is not accepted."""
    return str(getattr(config, f"{key}_env") or getattr(config, f"{key}_file"))


def variable(key: str, name: str) -> str:
    """The value of an environment variable.

    Raises:
        ValueError: naming the key, if there is none.
    """
    if not _VARIABLE(name):
        raise ValueError(f"{key}: expected the name of an environment variable")
    found = os.environ.get(name, "").strip()
    if not found:
        raise ValueError(f"{key}: the environment has no {name}")
    return found
