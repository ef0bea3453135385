"""Texts no longer than a target takes, cut where a word ends. Pure."""

from collections.abc import Iterable

_ELLIPSIS = "…"


def one_line(text: str) -> str:
    """White space of any kind as single spaces."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most ``most`` characters.

    >>> cut("logins fail on iOS 17", 13), cut("a" * 20, 5), cut("short", 5)
    ('logins fail…', 'aaaa…', 'short')
    """
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    before, _, _ = kept.rpartition(" ")
    # One long word is cut anywhere; a word that ends where the room does is whole.
    if before and not text[most - 1].isspace():
        kept = before
    return kept.rstrip() + _ELLIPSIS


def at_most(paragraphs: Iterable[str], most: int, between: str = "\n\n") -> str:
    """Paragraphs together, the last ones cut or left out if they are too long.

    >>> at_most(["one two", "three four"], 14, " ")
    'one two three…'
    """
    return cut(between.join(each for each in paragraphs if each), most)
