"""The keys that every ``[[connectors]]`` table has: what it is told of, how fast, and for how long it is tried."""

import re
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from schemas.assignment import Assignment
from schemas.signal import Attention, Severity

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}").fullmatch
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Common(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What the struct of a connector's table begins with.

    Attributes:
        name: of this connector: in links, contacts, metrics and the name of its consumer group.
        on: for which attention something is created; who says "digest" is told of what others get in a digest.
        min_severity: nothing is created below it; what was created is followed whatever becomes of it.
        themes, owners: patterns with ``*``; one of each must fit.
        escalated_to: a role that escalations go to: only what has come to it is told, and it in the owner's place.
        on_resolve: ``close`` it, or only ``comment`` and leave the closing to people.
        reopen_within_s: what comes back so soon after it was closed is reopened; later it is a new one.
        digests: whether it takes an owner's digests, if it can.
        rate: calls a second, at most, over time.
        burst: calls at once, at most.
        timeout_s: of one call.
        give_up_after_s: a job that has failed for so long becomes a dead letter.
        parallel: jobs under way at a time, each of another signal.

    Raises:
        ValueError: naming the key.
    """

    name: str
    on: tuple[Attention, ...] = (Attention.NOW, Attention.DIGEST)
    min_severity: Severity = Severity.LOW
    themes: tuple[str, ...] = ("*",)
    owners: tuple[str, ...] = ("*",)
    escalated_to: str = ""
    on_resolve: Literal["close", "comment"] = "close"
    reopen_within_s: float = 7 * 86_400.0
    digests: bool = True
    rate: float = 10.0
    burst: int = 20
    timeout_s: float = 10.0
    give_up_after_s: float = 86_400.0
    parallel: int = 8

    def __post_init__(self) -> None:
        if not _NAME(self.name):
            raise ValueError(f'name: expected letters, digits, "_" and "-", got "{self.name}"')
        for key in ("on", "themes", "owners"):
            if not getattr(self, key):
                raise ValueError(f"{key}: is empty, so nothing would ever be told")
        if not 0 < self.rate <= 1000:
            raise ValueError(f"rate: expected more than 0 and at most 1000 calls a second, got {self.rate:g}")
        if not 1 <= self.parallel <= 100:
            raise ValueError(f"parallel: expected 1 to 100, got {self.parallel}")
        if self.burst < 1:
            raise ValueError(f"burst: expected 1 or more, got {self.burst}")
        if not 0 < self.timeout_s <= 300:
            raise ValueError("timeout: expected at most 5m")
        if self.give_up_after_s <= 0:
            raise ValueError("give_up_after: expected more than 0s")

    def told(self, assignment: Assignment) -> str:
        """The role that is told."""
        return self.escalated_to or assignment.owner

    def concerns(self, assignment: Assignment) -> bool:
        """Whether severity, theme, owner and escalation are such that something is to be created."""
        return (
            (not self.escalated_to or self.escalated_to in (assignment.escalated_to or ()))
            and assignment.severity.rank >= self.min_severity.rank
            and any(fnmatchcase(assignment.theme, pattern) for pattern in self.themes)
            and any(fnmatchcase(assignment.owner, pattern) for pattern in self.owners)
        )


def check_url(key: str, url: str) -> None:
    """Raises ValueError, naming the key, unless it is an https address, or an http one of this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"{key}: expected an address such as https://example.com")
    if parts.username or parts.password:
        raise ValueError(f"{key}: holds a login; name environment variables instead")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"{key}: is not encrypted; expected https://")


def check_secret(key: str, env: str, file: str = "", *, needed: bool = True) -> None:
    """Raises ValueError unless ``KEY_env`` names a variable or ``KEY_file`` a file, and not both."""
    if env and not _VARIABLE(env):
        # The value is not repeated: it may be the secret itself, written in the wrong place.
        raise ValueError(f"{key}_env: expected the name of an environment variable")
    if env and file:
        raise ValueError(f"{key}_env: expected either {key}_env or {key}_file")
    if needed and not env and not file:
        raise ValueError(f"{key}_env: is missing; name the environment variable that holds it, or a file in {key}_file")
