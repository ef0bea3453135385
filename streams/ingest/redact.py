"""First redactor: takes personal and account data out of a text before anything keeps or shows it.

Every expression here is linear in the text: quantifiers are possessive or bounded, and none can start again inside a
run that it has already refused. Those that search the whole text begin with a character class where they can, because
the search then skips to the next candidate.
"""

from __future__ import annotations

import ipaddress
import re

from streams.ingest.digits import CARD, DIGIT, RUN, is_version, redact_card, redact_run

__all__ = ["redact"]

_ELLIPSIS = "…"
# Longest entity that can straddle the end of the examined text: a mail address of 64 + 1 + 255 characters.
_MARGIN = 320
_FACTOR = 4

# Controls that are not white space, soft hyphen, zero-width space, direction marks, byte order mark, lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)
_VISIBLE_RUN = re.compile(r"\S+")
_SUSPECT = re.compile(r"[\d@＠:?]")

# Scripts without spaces between words: a mail address ends where such text begins.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ufeff\U00020000-\U0003ffff"
_LETTER = rf"[^\W{_UNSPACED}]"
_MAILBOX = rf"[^\s!\"#$()*,/:;<=>?@＠\[\\\]^`{{|}}\u2010-\u201f{_UNSPACED}]"
_LABEL = rf"(?:{_LETTER}|-)++"
_EMAIL = re.compile(rf"(?<!{_MAILBOX}){_MAILBOX}++[@＠](?:{_LABEL}(?:\.{_LABEL})*+|\[[0-9A-Fa-f:.]++\])")
# "@5pm" and "@9.99" tell a time or a price.
_HANDLE = re.compile(r"[@＠](?!\d++(?:[.:]\d++)?+(?:[ap]m)?+(?!\w))\w++(?:[.-]\w++)*+", re.IGNORECASE)

_URL = re.compile(r"(://|\bwww\.)(\S++)", re.IGNORECASE)
_BARE_QUERY = re.compile(r"\?[\w.%~\[\]-]++=\S*+")
_CLOSING = ").,;:!?\"'>]}»”’"
_PATH_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_])(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![A-Za-z0-9_])"
    r"|eyJ[\w.=-]{8,}+|(?=[A-Za-z_]*+\d)\w{16,}+|\w{32,}+)"
)

# Found from its first check digit, since letters are everywhere.
_IBAN_CHECK = re.compile(r"[0-9](?<=[A-Za-z]{2}[0-9])(?<![A-Za-z0-9][A-Za-z]{2}[0-9])[0-9](?=[ -]?[A-Za-z0-9])")
_IPV6 = re.compile(
    r"(?:(?<![\w:])|(?<=[A-Za-z]:))(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4})(?![\w:])"
)
_IPV4 = re.compile(r"\d(?<!\d\d)(?<!\d\.\d)\d{0,2}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_HALF_PLACEHOLDER = re.compile(r"\[[a-z]{0,6}$")


def redact(text: str, limit: int = 280) -> str:
    """`text` on one line of at most `limit` characters, with personal and account data replaced by placeholders.

    Placeholders: [email], [phone], [card] (13 to 19 digits, Luhn), [iban] (mod 97), [ssn], [ip], [handle], [number]
    (any other run of six digits or more), and in addresses of the web [query] and [token]. Versions, prices, dates,
    times and small numbers stay. Control and direction characters disappear, white space shrinks to single spaces, and
    a text that is too long ends with an ellipsis after a whole word.

    Only the first four times `limit` characters or so are examined, so the cost does not grow with a hostile text, and
    nothing that continues beyond them is shown in part.

    Raises:
        ValueError: `limit` is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    clean, whole = _clean(text, _FACTOR * limit + _MARGIN)
    safe = _replace(clean) if _SUSPECT.search(clean) else clean
    if not whole:
        # What was cut in half may have escaped recognition, and it stands at the very end.
        safe = safe[:-_MARGIN]
    if whole and len(safe) <= limit:
        return safe
    return _shorten(safe, limit)


def _clean(text: str, budget: int) -> tuple[str, bool]:
    """At most `budget` characters without invisible ones and with single spaces; whether that is all of the text."""
    whole = True
    if len(text) > budget:
        # Token by token, so that a megabyte of blanks costs none of the budget.
        pieces: list[str] = []
        room = budget
        for match in _VISIBLE_RUN.finditer(text):
            if room <= 0:
                whole = False
                break
            start, end = match.span()
            if end - start > room:
                whole = False
                end = start + room
            pieces.append(text[start:end])
            room -= end - start + 1
        text = " ".join(pieces)
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split()), whole


def _replace(text: str) -> str:
    if "://" in text or "www." in text.lower():
        text = _URL.sub(_url, text)
    if "?" in text:
        text = _BARE_QUERY.sub("?[query]", text)
    if "@" in text or "＠" in text:
        text = _EMAIL.sub("[email]", text)
        text = _HANDLE.sub("[handle]", text)
    if "::" in text or text.count(":") >= 6:
        text = _IPV6.sub(_ipv6, text)
    digits = len(DIGIT.findall(text))
    if digits >= 2:
        text = _ibans(text)
    if digits >= 4 and text.count(".") >= 3:
        text = _IPV4.sub(_ipv4, text)
    if digits >= 6:
        text = CARD.sub(redact_card, text)
        text = RUN.sub(redact_run, text)
    return text


def _url(match: re.Match[str]) -> str:
    address = match[2].rstrip(_CLOSING)
    tail = match[2][len(address) :]
    # A "?" or "#" that only ends the sentence was stripped above.
    for index, character in enumerate(address):
        if character in "?#":
            address, query = address[:index], f"{character}[query]"
            break
    else:
        query = ""
    authority, slash, path = address.partition("/")
    host = authority.rpartition("@")[2]
    return f"{match[1]}{host}{slash}{_PATH_TOKEN.sub('[token]', path)}{query}{tail}"


def _ibans(text: str) -> str:
    """`text` with every valid account number replaced; each possible start is judged, also inside a refused one."""
    out: list[str] = []
    done = 0
    for match in _IBAN_CHECK.finditer(text):
        start = match.start() - 2
        if start < done:
            continue
        end = _iban_end(text, start)
        if end:
            out.append(text[done:start])
            out.append("[iban]")
            done = end
    out.append(text[done:])
    return "".join(out)


def _iban_end(text: str, start: int) -> int:
    """End of the longest valid account number that begins here, 0 where there is none.

    Words that follow look like more groups of the number, so every end of a group is tried.
    """
    head = int("".join(str(int(character, 36)) for character in text[start : start + 4]))
    remainder = 0
    characters = 4
    found = 0
    position = start + 4
    while characters < 34 and position < len(text):
        character = text[position]
        if character in " -" and text[position + 1 : position + 2] not in ("", " ", "-"):
            position += 1
            character = text[position]
        if not (character.isascii() and character.isalnum()):
            break
        value = int(character, 36)
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
        characters += 1
        position += 1
        # The country and the check digits, six decimal digits, count at the end.
        if (
            characters >= 15
            and (remainder * 1_000_000 + head) % 97 == 1
            and not text[position : position + 1].isalnum()
        ):
            found = position
    return found


def _ipv6(match: re.Match[str]) -> str:
    found = match[0]
    # Times such as 12:30:45 have neither form; "a::b" without any digit is more likely code.
    if ("::" not in found and found.count(":") < 6) or not any(character.isdigit() for character in found):
        return found
    try:
        ipaddress.IPv6Address(found)
    except ValueError:
        return found
    return "[ip]"


def _ipv4(match: re.Match[str]) -> str:
    found = match[0]
    return found if is_version(match) or any(int(octet) > 255 for octet in found.split(".")) else "[ip]"


def _shorten(text: str, limit: int) -> str:
    """`text` cut after a whole word, with an ellipsis, in at most `limit` characters."""
    room = limit - 1
    if len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        # A script without spaces, or one endless word, has to be cut inside.
        text = text[:cut] if cut >= room // 2 else text[:room]
    text = _HALF_PLACEHOLDER.sub("", text)
    return text.rstrip(" ,;:-") + _ELLIPSIS
