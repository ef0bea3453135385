"""Phrase taxonomy: names the themes of a text by the phrases it contains.

All phrases of all themes are searched in one pass of an Aho-Corasick automaton, so the cost of a text grows with its
length and hardly with the number of phrases.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import ahocorasick_rs

__all__ = ["Tagger", "TaxonomyError", "load_taxonomy"]

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u00b4\uff07"
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# Trade marks would otherwise glue "TM" to the word before them under NFKC.
_MARKS = "\u2122\u2120\u00ae\u00a9"
# Zero-width characters and variation selectors are invisible to the writer, so they must not break a phrase.
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"

_REPLACEMENT = {
    **dict.fromkeys(_APOSTROPHES, "'"),
    **dict.fromkeys(_QUOTES, '"'),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_MARKS, " "),
    **dict.fromkeys(_INVISIBLE, ""),
}
_TYPOGRAPHIC = re.compile(f"[{''.join(_REPLACEMENT)}]")


class TaxonomyError(ValueError):
    """A taxonomy that cannot be used; the message says where and what was expected instead."""


def _replacement(match: re.Match[str]) -> str:
    return _REPLACEMENT[match[0]]


def _normalise(text: str) -> str:
    """Case-folded text with ASCII punctuation and single spaces; its length may differ from the argument's."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", _TYPOGRAPHIC.sub(_replacement, text)).casefold()
    # A backtick stands in for an apostrophe on many keyboards.
    return " ".join(folded.replace("`", "'").split())


class Tagger:
    """Finds the themes of a text.

    A phrase matches whatever its letter case, typography (quotes, apostrophes, dashes) and amount of white space,
    wherever the characters next to it are neither alphanumeric nor an underscore. Overlapping phrases all count. A
    script written without spaces between words therefore needs phrases that are delimited in the text.

    Args:
        taxonomy: theme -> its phrases, at least one each. A phrase may belong to several themes.

    Raises:
        TaxonomyError: a theme has no phrases, or a phrase is not a string or holds nothing to search for.
    """

    def __init__(self, taxonomy: Mapping[str, Sequence[str]]) -> None:
        themes_of: dict[str, list[str]] = {}
        for theme, phrases in taxonomy.items():
            if isinstance(phrases, str) or not phrases:
                raise TaxonomyError(f"{theme}: expected a non-empty list of phrases, got {phrases!r}")
            for position, phrase in enumerate(phrases):
                where = f"{theme}[{position}]"
                if not isinstance(phrase, str):
                    raise TaxonomyError(f"{where}: expected a string, got {phrase!r}")
                pattern = _normalise(phrase)
                if not pattern:
                    raise TaxonomyError(f"{where}: expected a phrase with visible characters, got {phrase!r}")
                if not _encodable(pattern):
                    raise TaxonomyError(f"{where}: expected valid Unicode, got {phrase!r}")
                themes = themes_of.setdefault(pattern, [])
                if theme not in themes:
                    themes.append(theme)
        self._themes: list[list[str]] = list(themes_of.values())
        # Standard match kind is the only one that can report overlapping matches.
        self._automaton = ahocorasick_rs.AhoCorasick(
            list(themes_of), matchkind=ahocorasick_rs.MatchKind.Standard, store_patterns=False
        )

    def tag(self, text: str) -> list[str]:
        """Themes of `text`, each once, in the order in which they first appear in it.

        Of two phrases that begin at the same character the longer one comes first; themes that share a phrase keep the
        taxonomy's order. Empty when nothing matches.
        """
        haystack = _normalise(text)
        try:
            hits = self._automaton.find_matches_as_indexes(haystack, overlapping=True)
        except UnicodeEncodeError:
            # A lone surrogate cannot reach the automaton; one "?" each keeps the word boundaries.
            haystack = haystack.encode("utf-8", "replace").decode("utf-8")
            hits = self._automaton.find_matches_as_indexes(haystack, overlapping=True)
        if not hits:
            return []
        length = len(haystack)
        found: list[tuple[int, int, int]] = []
        for index, start, end in hits:
            if start:
                before = haystack[start - 1]
                if before.isalnum() or before == "_":
                    continue
            if end < length:
                after = haystack[end]
                if after.isalnum() or after == "_":
                    continue
            found.append((start, -end, index))
        if len(found) > 1:
            found.sort()
        ordered: dict[str, None] = {}
        for _, _, index in found:
            for theme in self._themes[index]:
                ordered[theme] = None
        return list(ordered)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def load_taxonomy(path: Path) -> dict[str, list[str]]:
    """Read a taxonomy file: theme -> its phrases, both in the file's order.

    The file is TOML with one table per theme, `[themes.<theme>]`, which holds `phrases`, a non-empty list of non-empty
    strings, and optionally `description`, a string.

    Raises:
        TaxonomyError: the file cannot be read or has another shape; the message names file, key and what was expected.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaxonomyError(f"{path}: expected a readable TOML file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TaxonomyError(f"{path}: expected UTF-8 text: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise TaxonomyError(f"{path}: expected valid TOML: {error}") from error
    _reject_unknown(path, "", document, ("themes",))
    themes = document.get("themes")
    if not isinstance(themes, dict) or not themes:
        raise TaxonomyError(f"{path}: themes: expected at least one table [themes.<theme>]")
    taxonomy: dict[str, list[str]] = {}
    for theme, entry in themes.items():
        key = f"themes.{theme}"
        if not theme or theme != theme.strip():
            raise TaxonomyError(f"{path}: themes.{theme!r}: expected a theme name without surrounding white space")
        if not isinstance(entry, dict):
            raise TaxonomyError(f"{path}: {key}: expected a table with the key phrases, got {entry!r}")
        _reject_unknown(path, f"{key}.", entry, ("phrases", "description"))
        if not isinstance(entry.get("description", ""), str):
            raise TaxonomyError(f"{path}: {key}.description: expected a string, got {entry['description']!r}")
        phrases = entry.get("phrases")
        if not isinstance(phrases, list) or not phrases:
            raise TaxonomyError(f"{path}: {key}.phrases: expected a non-empty list of strings, got {phrases!r}")
        for position, phrase in enumerate(phrases):
            if not isinstance(phrase, str) or not _normalise(phrase):
                raise TaxonomyError(
                    f"{path}: {key}.phrases[{position}]: expected a string with visible characters, got {phrase!r}"
                )
        taxonomy[theme] = phrases
    return taxonomy


def _reject_unknown(path: Path, prefix: str, table: Mapping[str, object], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise TaxonomyError(f"{path}: {prefix}{key}: unknown key, expected one of: {', '.join(known)}")
