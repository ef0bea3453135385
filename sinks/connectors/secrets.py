"""Secrets of connectors: where they are looked up, and how they stay out of whatever is printed."""

from collections.abc import Mapping
from pathlib import Path

_SHORTEST = 4
_MASK = "***"


class Secrets:
    """What ``*_env`` and ``*_file`` name, and a mask for it.

    Args:
        environment: of the process.
        directory: of the configuration; files are relative to it.
        lenient: a missing secret is no error, as in a dry run; its name stands for it.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path = Path(), *, lenient: bool = False) -> None:
        self._environment, self._directory, self._lenient = environment, directory, lenient
        self._known: set[str] = set()

    def get(self, key: str, env: str = "", file: str = "") -> str:
        """A secret, such as ``get("token", config.token_env, config.token_file)``; empty if neither is named.

        Raises:
            ValueError: naming the key, if it is not there.
        """
        value = ""
        if env:
            value = self._environment.get(env, "")
            if not value and not self._lenient:
                raise ValueError(f"{key}_env: the environment has no {env}")
        elif file:
            path = self._directory / file
            try:
                value = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "is not text in UTF-8"
                if not self._lenient:
                    raise ValueError(f"{key}_file: {path}: {why}") from None
            if not value and not self._lenient:
                raise ValueError(f"{key}_file: {path}: is empty")
        else:
            return ""
        self.hide(value)
        return value or f"<{env or file}>"

    def hide(self, value: str) -> None:
        """Mask ``value`` from now on."""
        if len(value) >= _SHORTEST:
            self._known.add(value)

    def mask(self, text: str) -> str:
        """``text`` without any secret.

        >>> secrets = Secrets({"TOKEN": "s3cr3t!"})
        >>> _ = secrets.get("token", "TOKEN")
        >>> secrets.mask("Bearer s3cr3t! is not valid")
        'Bearer *** is not valid'
        """
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, _MASK)
        return text
