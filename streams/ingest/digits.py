"""Runs of digits: cards, phones, account numbers among versions, dates and prices."""

import re

_VERSION_BEFORE = re.compile(
    r"(?:\bv|\bver|version|build|release|firmware|update|ios|ipados|macos|android|windows)[ .:]{0,2}$", re.IGNORECASE
)
_CONTEXT = 14

_DASH = "\\-\u2010-\u2013"
# Groups of digits as people write numbers: "+44 (0)20 7946-0018", "4111 1111 ...", "030/1234567", "17.4.1".
RUN = re.compile(
    rf"[+(\d](?:(?<=\d)|[+(]?\d)\d*+(?:(?:\)[ .{_DASH}]?| ?\(| [{_DASH}] |[ .{_DASH}]|/(?=\d{{5}}))\d++)*+"
)
# A card's four groups between marks that other numbers are written with; no version is so long.
CARD = re.compile(r"(?<!\d)\d{4}([._/\u00b7,])\d{4}\1\d{4}\1\d{4}(?!\d)")
_GROUP = re.compile(r"\d+")
DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"(?<!\d)(?<!\d[-.])(?:(?:19|20)\d\d([-.])\d{1,2}\1\d{1,2}|\d{1,2}([-.])\d{1,2}\2(?:(?:19|20)\d\d|\d\d))(?!\d|[-.]\d)"
)
# Groups looked ahead for a long one; without a bound a chain of short ones would cost its square.
_CHAIN = 8
_CURRENCY = "£$€¥₹₩₽₺"


def is_version(match: re.Match[str]) -> bool:
    """Whether a product or the word "version" stands before the match."""
    start = match.start()
    return _VERSION_BEFORE.search(match.string, max(0, start - _CONTEXT), start) is not None


def redact_card(match: re.Match[str]) -> str:
    """The placeholder, if the four groups add up as a card's number does (Luhn)."""
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = [value * 2 - 9 if value > 4 else value * 2 for value in digits[::2]]
    return match[0] if (sum(doubled) + sum(digits[1::2])) % 10 else "[card]"


def redact_run(match: re.Match[str]) -> str:
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
            (is_money and self.sizes[0] <= 9 and dotted <= 2) or (dotted > 1 and is_version(self.match))
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
