"""First redactor: takes personal and account data out of a text before anything keeps or shows it.

Every expression here is linear in the text: quantifiers are possessive or bounded, and none can start again inside a
run that it has already refused. Those that search the whole text begin with a character class where they can, because
the search then skips to the next candidate.
"""

from __future__ import annotations

import ipaddress
import re

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
_VERSION_BEFORE = re.compile(
    r"(?:\bv|\bver|version|build|release|firmware|update|ios|ipados|macos|android|windows)[ .:]{0,2}$", re.IGNORECASE
)
_CONTEXT = 14

_DASH = "\\-\u2010-\u2013"
# Groups of digits as people write numbers: "+44 (0)20 7946-0018", "4111 1111 ...", "030/1234567", "17.4.1".
_RUN = re.compile(
    rf"[+(\d](?:(?<=\d)|[+(]?\d)\d*+(?:(?:\)[ .{_DASH}]?| ?\(| [{_DASH}] |[ .{_DASH}]|/(?=\d{{5}}))\d++)*+"
)
_GROUP = re.compile(r"\d+")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"(?<!\d)(?<!\d[-.])(?:(?:19|20)\d\d([-.])\d{1,2}\1\d{1,2}|\d{1,2}([-.])\d{1,2}\2(?:(?:19|20)\d\d|\d\d))(?!\d|[-.]\d)"
)
# Groups looked ahead for a long one; without a bound a chain of short ones would cost its square.
_CHAIN = 8
_CURRENCY = "£$€¥₹₩₽₺"
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
    digits = len(_DIGIT.findall(text))
    if digits >= 2:
        text = _ibans(text)
    if digits >= 4 and text.count(".") >= 3:
        text = _IPV4.sub(_ipv4, text)
    if digits >= 6:
        text = _RUN.sub(_run, text)
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
    return found if _is_version(match) or any(int(octet) > 255 for octet in found.split(".")) else "[ip]"


def _is_version(match: re.Match[str]) -> bool:
    start = match.start()
    return _VERSION_BEFORE.search(match.string, max(0, start - _CONTEXT), start) is not None


def _run(match: re.Match[str]) -> str:
    """Replace what is personal in a run of digit groups, and keep the rest of the run as written."""
    run = match[0]
    if len(run) < 6:
        return run
    spans = [group.span() for group in _GROUP.finditer(run)]
    if sum(end - start for start, end in spans) < 6:
        return run
    groups = _Groups(match, spans)
    # end of the stretch that begins at this group, and its placeholder (None: keep)
    stretches: dict[int, tuple[int, str | None]] = {}
    groups.mark_cards(stretches)
    groups.mark_kept(stretches)
    first = 0
    stop = 0
    out: list[str] = []
    while first < groups.count:
        known = stretches.get(first)
        if known is None:
            if stop <= first:
                stop = first + 1
                while stop < groups.count and stop not in stretches:
                    stop += 1
            known = groups.classify(first, stop)
        last, label = known
        lead = groups.gaps[first]
        written = run[spans[first][0] : spans[last - 1][1]]
        if label is not None:
            if "(" in lead and ")" in written:
                lead = lead.replace("(", "")
            if label == "[phone]":
                lead = lead.replace("+", "")
            written = label
        out.append(lead + written)
        first = last
    return "".join(out)


class _Groups:
    """The digit groups of one run, with what stands before each."""

    def __init__(self, match: re.Match[str], spans: list[tuple[int, int]]) -> None:
        run = match[0]
        self.match = match
        self.run = run
        self.spans = spans
        self.count = len(spans)
        self.digits = [run[start:end] for start, end in spans]
        self.sizes = [end - start for start, end in spans]
        self.gaps = [run[: spans[0][0]]]
        self.gaps.extend(run[spans[k - 1][1] : spans[k][0]] for k in range(1, self.count))

    def mark_cards(self, stretches: dict[int, tuple[int, str | None]]) -> None:
        first = 0
        while first < self.count:
            last = self._card_end(first)
            if last:
                stretches[first] = (last, "[card]")
                first = last
            else:
                first += 1

    def _card_end(self, first: int) -> int:
        """End of the longest card number that begins at this group, 0 where there is none."""
        # Part of a hyphenated number is no card number.
        if self.gaps[first] == "-":
            return 0
        total = 0
        found = 0
        # Luhn sums with the digits at even and at odd places doubled; the length of the number says which one counts.
        doubled_even = doubled_odd = 0
        for k in range(first, self.count):
            # One kind of separator throughout, else two dates in a row could pass.
            if k > first and (self.gaps[k] not in (" ", "-") or self.gaps[k] != self.gaps[first + 1]):
                break
            if total + self.sizes[k] > 19:
                break
            for character in self.digits[k]:
                value = int(character)
                doubled = value * 2 - 9 if value > 4 else value * 2
                doubled_even += value if total % 2 else doubled
                doubled_odd += doubled if total % 2 else value
                total += 1
            if k + 1 < self.count and self.gaps[k + 1] == "-":
                continue
            if total >= 13 and (doubled_odd if total % 2 else doubled_even) % 10 == 0:
                found = k + 1
        return found

    def mark_kept(self, stretches: dict[int, tuple[int, str | None]]) -> None:
        """Dates, an amount of money and a version keep their digits."""
        index_of = {start: k for k, (start, _) in enumerate(self.spans)}
        taken = {k for first, (last, _) in stretches.items() for k in range(first, last)}
        for date in _DATE.finditer(self.run):
            first = index_of.get(date.start())
            if first is not None and taken.isdisjoint(range(first, first + 3)):
                stretches[first] = (first + 3, None)
        if 0 in taken or 0 in stretches:
            return
        dotted = 1
        while dotted < self.count and self.gaps[dotted] == ".":
            dotted += 1
        if not taken.isdisjoint(range(dotted)):
            return
        start, end = self.match.span()
        text = self.match.string
        before = text[max(0, start - 2) : start].rstrip()[-1:]
        after = text[end : end + 2].lstrip()[:1] if dotted == self.count else ""
        is_money = (before and before in _CURRENCY) or (after and after in _CURRENCY)
        if not self.gaps[0] and (
            (is_money and self.sizes[0] <= 9 and dotted <= 2) or (dotted > 1 and _is_version(self.match))
        ):
            stretches[0] = (dotted, None)

    def classify(self, first: int, stop: int) -> tuple[int, str | None]:
        """End and placeholder of what begins at group `first` and ends at group `stop` at the latest."""
        lead = self.gaps[first]
        sizes = self.sizes[first : min(stop, first + 4)]
        digits = self.digits[first]
        if sizes[:3] == [3, 2, 4] and self.gaps[first + 1] == self.gaps[first + 2] != ".":
            return first + 3, "[ssn]"
        if "+" in lead or digits.startswith("00"):
            last = self._within(first, stop, 7, 15)
            if last:
                return last, "[phone]"
        if "(" in lead and stop > first + 1 and ")" in self.gaps[first + 1]:
            last = self._within(first, stop, 7, 12)
            if last:
                return last, "[phone]"
        if sizes[:3] == [3, 3, 4]:
            return first + 3, "[phone]"
        if sizes[:4] == [1, 3, 3, 4] and digits == "1":
            return first + 4, "[phone]"
        if len(digits) > 1 and digits[0] == "0":
            last = self._within(first, stop, 9, 12)
            if last:
                return last, "[phone]"
        # "500-1000" is a range.
        is_round = digits.endswith("0") and self.digits[stop - 1].endswith("0")
        if sizes == [3, 4] and self.count == 2 and self.gaps[first + 1] == "-" and not is_round:
            return first + 2, "[phone]"
        return self._number(first, stop)

    def _within(self, first: int, stop: int, fewest: int, most: int) -> int:
        """End of the longest stretch of groups with `fewest` to `most` digits in total, 0 where there is none."""
        total = 0
        found = 0
        for k in range(first, stop):
            # A second number of the same make begins.
            if found and self.gaps[k] == " " and self.digits[k][0] == "0" and self.sizes[k] == self.sizes[first]:
                break
            total += self.sizes[k]
            if total > most:
                break
            if total >= fewest:
                found = k + 1
        return found

    def _number(self, first: int, stop: int) -> tuple[int, str | None]:
        last = first
        total = 0
        while last < stop and self.sizes[last] >= 3 and (last == first or "." not in self.gaps[last]):
            total += self.sizes[last]
            last += 1
        if last - first > 1 and total >= 9:
            if self._is_enumeration(first, last):
                return last, None
            return last, "[phone]" if total <= 15 else "[number]"
        # A hyphen or a point ties groups together: an order number, a coordinate.
        last = first + 1
        while last < min(stop, first + _CHAIN) and self.gaps[last] != " " and len(self.gaps[last]) == 1:
            last += 1
        if max(self.sizes[first:last]) >= 6:
            return last, "[number]"
        return first + 1, None

    def _is_enumeration(self, first: int, last: int) -> bool:
        """Years or status codes in a row."""
        groups = self.digits[first:last]
        return all(len(group) == 4 and group[:2] in ("19", "20") for group in groups) or all(
            len(group) == 3 and group[0] in "12345" and group[1] in "012" for group in groups
        )


def _shorten(text: str, limit: int) -> str:
    """`text` cut after a whole word, with an ellipsis, in at most `limit` characters."""
    room = limit - 1
    if len(text) > room:
        cut = text.rfind(" ", 0, room + 1)
        # A script without spaces, or one endless word, has to be cut inside.
        text = text[:cut] if cut >= room // 2 else text[:room]
    text = _HALF_PLACEHOLDER.sub("", text)
    return text.rstrip(" ,;:-") + _ELLIPSIS
