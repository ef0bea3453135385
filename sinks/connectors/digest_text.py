"""A digest as messages show it."""

from __future__ import annotations

from schemas.digest import Digest, DigestItem


def heading(digest: Digest) -> str:
    """One line: for whom, and how much.

    >>> from datetime import UTC, datetime
    >>> heading(Digest(id="d", tenant="bank", owner="cards", at=datetime(2026, 5, 4, 9, tzinfo=UTC), items=[], more=2))
    'Digest for cards: 2 signals, 4 May'
    """
    count = len(digest.items) + digest.more
    return f"Digest for {digest.owner}: {count} signal{'' if count == 1 else 's'}, {digest.at.day} {digest.at:%b}"


def entry(item: DigestItem) -> tuple[str, str]:
    """A signal's name with how it stands, and why it is told."""
    name = " ".join(f"[{item.severity.value}] {item.title}".split())
    return f"{name} ({item.state.value})", " ".join(item.reason.split())


def rest(digest: Digest) -> str:
    """What is not listed; empty if everything is."""
    return f"and {digest.more} more" if digest.more else ""


def lines(digest: Digest) -> list[str]:
    """The digest without its heading, in plain text."""
    told = [f"- {name}: {why}" for name, why in map(entry, digest.items)]
    return [*told, *([rest(digest)] if digest.more else [])]
