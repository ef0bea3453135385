from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.redact import redact

MEBIBYTE = 2**20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # mail
        ("write to john.doe+x@example.co.uk.", "write to [email]."),
        ("<a_b@c.de>, (x@y.org)", "<[email]>, ([email])"),
        ("José@example.com's box", "[email]'s box"),
        ("user=o'brien@example.com;", "user=[email];"),
        ("pay anna@okbank", "pay [email]"),
        ("root@[10.0.0.1]", "[email]"),
        ("mailto:a@b.io?subject=hi", "mailto:[email]?[query]"),
        ("我的邮箱是foo@bar.com谢谢", "我的邮箱是[email]谢谢"),
        # phone
        ("call +44 (0)20 7946 0018 now", "call [phone] now"),
        ("+14155552671", "[phone]"),
        ("(+1 415 555 2671)", "([phone])"),
        ("(415) 555-2671 or 415-555-2671", "[phone] or [phone]"),
        ("415.555.2671, 1-800-555-0199", "[phone], [phone]"),
        ("07911 123456/07911123456", "[phone]/[phone]"),
        ("06 12 34 56 78 06.12.34.56.78", "[phone] [phone]"),
        ("030/1234567", "[phone]"),
        ("0049 170 1234567", "[phone]"),
        ("98765 43210", "[phone]"),
        ("call 555-0199", "call [phone]"),
        ("415–555–2671", "[phone]"),
        # card
        ("card 4111 1111 1111 1111 exp 12/26", "card [card] exp 12/26"),
        ("4111-1111-1111-1111; 4111111111111111.", "[card]; [card]."),
        ("Amex 3782 822463 10005", "Amex [card]"),
        ("2 4111 1111 1111 1111", "2 [card]"),
        ("4222222222222", "[card]"),
        ("4111 1111 1111 1112", "[number]"),
        ("4111111111111112", "[number]"),
        # account
        ("GB82 WEST 1234 5698 7654 32 PLEASE", "[iban] PLEASE"),
        ("DE89370400440532013000,", "[iban],"),
        ("no9386011117947", "[iban]"),
        ("ref AB12 CD34 GB82WEST12345698765432", "ref AB12 CD34 [iban]"),
        ("GB83WEST12345698765432", "GB83WEST[number]"),
        # number
        ("ssn 123-45-6789, 123 45 6789", "ssn [ssn], [ssn]"),
        ("order 123456 A1234567b", "order [number] A[number]b"),
        ("123-4567890-1234567", "[number]"),
        ("at 51.507351", "at [number]"),
        ("id ١٢٣٤٥٦٧", "id [number]"),
        ("1" * 40, "[number]"),
        # address of a machine
        ("from 192.168.1.254:8080", "from [ip]:8080"),
        ("mask 255.255.255.0", "mask [ip]"),
        ("2001:db8::1 and ::ffff:10.0.0.1", "[ip] and [ip]"),
        ("ip:2001:db8:0:0:0:0:0:1.", "ip:[ip]."),
        # handle
        ("hey @john_doe. cc @Jo.Ann", "hey [handle]. cc [handle]"),
        ("谢谢@小明", "谢谢[handle]"),
        ("@3com", "[handle]"),
        # address of the web
        ("https://x.com/a?token=abc#frag), ok", "https://x.com/a?[query]), ok"),
        ("https://x.com/a#access_token=1", "https://x.com/a#[query]"),
        ("https://me:pw@x.com/", "https://x.com/"),
        ("x.com/a?sid=9f", "x.com/a?[query]"),
        ("www.x.com/p/550e8400-e29b-41d4-a716-446655440000/z", "www.x.com/p/[token]/z"),
        ("https://x.com/reset/abc123def456ghi789", "https://x.com/reset/[token]"),
        ("app://open?code=abc", "app://open?[query]"),
        ("https://medium.com/@john", "https://medium.com/[handle]"),
    ],
)
def test_personal_data_is_replaced(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "iOS 17.4.1 and Android 14",
        "version 1.2.3.4, v10.0.19045.3803, Chrome 120.0.6099.129",
        "build 7.1.202403",
        "£12.50, $1,234,567.89, 99,99 €, €1234567, 1234567 ¥",
        "at 12:30 or 12:30:45, 9am-5pm, 24/7",
        "2024-03-01 14:22 to 2024-03-02 15:00",
        # The digits of these two pass the Luhn check.
        "2024-03-01 2024-03-09",
        "03.01.2024 or 31/12/2024, 01-02-23",
        "256.1.1.1",
        "2024-03-01T12:30:00Z",
        "5/5 stars, 100% of 12345, 10x",
        "errors 500 502 503",
        "in 2019 2020 2021",
        "500-1000 users, 10-20 minutes",
        "3 @ 9.99, @5pm, @9.99",
        "std::vector a::b",
        "iPhone 15 Pro Max (256 GB)",
        "https://example.com/help/how-to-log-in-on-ios-17-4",
        "why? because! see https://example.com/help?",
        "e-mail me [soon]",
    ],
)
def test_harmless_numbers_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("a\x00b\x07c", "abc"),
        ("jo\x00hn@x.com", "[email]"),
        ("a \n\n b\t\u00a0c\u2028d\x85e", "a b c d e"),
        ("safe\u202etxt.exe\u2066", "safetxt.exe"),
        ("\ud800x\udfff", "x"),
        ("👩\u200d💻 ok", "👩\u200d💻 ok"),
    ],
)
def test_text_becomes_one_clean_line(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two, three", 10, "one two…"),
        ("abcdefghij", 5, "abcd…"),
        ("a bcdefghij", 6, "a bcd…"),
        ("谢" * 20, 5, "谢谢谢谢…"),
        ("abc", 1, "…"),
        ("a", 1, "a"),
        ("", 1, ""),
        ("aa a@b.co", 9, "aa…"),
        ("谢谢谢谢a@b.co", 9, "谢谢谢谢…"),
        ("one two     three     ", 13, "one two three"),
    ],
)
def test_long_text_ends_after_a_whole_word(text: str, limit: int, expected: str) -> None:
    assert redact(text, limit) == expected


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_must_be_positive(limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be at least 1"):
        redact("a", limit)


def test_default_limit() -> None:
    assert len(redact("word " * 100)) == 280
    assert redact("word " * 56) == ("word " * 56).strip()


@given(st.text(max_size=400), st.integers(1, 100))
def test_any_text_gives_one_printable_bounded_line(text: str, limit: int) -> None:
    safe = redact(text, limit)
    assert len(safe) <= limit
    assert safe == " ".join(safe.split())
    assert not re.search("[\x00-\x1f\x7f-\x9f]", safe)
    safe.encode("utf-8")


@given(st.text("a1@.:/-+( ?=é谢", max_size=80))
def test_no_mail_address_nor_long_digit_run_survives(text: str) -> None:
    safe = redact(text, 1000)
    assert not re.search(r"[a1][@]a", safe)
    assert not re.search(r"\d{6}", re.sub(r"\d+(\.\d+)* ?[£$€]", "", safe))


def _with_luhn(body: str) -> str:
    for check in "0123456789":
        total = 0
        for index, character in enumerate(reversed(body + check)):
            value = int(character) * (2 if index % 2 else 1)
            total += value - 9 if value > 9 else value
        if total % 10 == 0:
            return body + check
    raise AssertionError


@given(st.from_regex(r"[3-6][0-9]{11,17}", fullmatch=True), st.sampled_from(["", " ", "-"]), st.integers(3, 6))
def test_every_card_number_is_found(body: str, separator: str, size: int) -> None:
    number = _with_luhn(body)
    written = separator.join(number[k : k + size] for k in range(0, len(number), size))
    assert redact(f"my card: {written}, thanks") == "my card: [card], thanks"


@given(st.from_regex(r"[A-Z]{2}", fullmatch=True), st.from_regex(r"[A-Z0-9]{11,30}", fullmatch=True), st.booleans())
def test_every_account_number_is_found(country: str, body: str, spaced: bool) -> None:
    digits = "".join(str(int(character, 36)) for character in f"{body}{country}00")
    number = f"{country}{98 - int(digits) % 97:02d}{body}"
    written = " ".join(number[k : k + 4] for k in range(0, len(number), 4)) if spaced else number
    assert redact(f"to {written}.") == "to [iban]."


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_every_ipv4_address_is_found(a: int, b: int, c: int, d: int) -> None:
    assert redact(f"host {a}.{b}.{c}.{d} is down") == "host [ip] is down"


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_found(address: object) -> None:
    for written in (str(address), getattr(address, "exploded")):  # noqa: B009
        # An address without a digit cannot be told from code.
        if re.search(r"\d", written):
            assert redact(f"from {written} today") == "from [ip] today"


SECRETS = [
    "secretlocalpart@secretdomain.example.com",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "+44 20 7946 0018",
    "https://example.com/a?token=topsecretvalue",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("filler", ["谢", "word ", "a@b.co ", "a@b.co,", "\n \t  x", "123456789 "])
def test_nothing_is_shown_in_part_wherever_the_examined_text_ends(secret: str, filler: str) -> None:
    limit = 20
    whole = _traces(redact(f"{filler}{secret} ", 2000))
    allowed = _traces(redact(filler * 100, 2000)) | whole
    for offset in range(4 * limit - 5, 4 * limit + 330):
        text = (filler * offset)[:offset].rpartition(" ")[0] if " " in filler else filler * offset
        safe = redact(f"{text} {secret} {filler * 50}", limit)
        assert _traces(safe) <= allowed, (offset, safe)
        assert not re.search(r"secret|topsec|4111|GB8|WEST|794|\d{4}", safe), (offset, safe)


@pytest.mark.parametrize("secret", SECRETS)
def test_half_a_secret_stays_hidden_where_much_text_before_it_shrinks(secret: str) -> None:
    # The query becomes one short placeholder, so the end of what is examined would fit into the limit.
    for padding in range(400, 700):
        safe = redact(f"https://x.com/a?{'q' * padding} {secret} {'word ' * 200}", 60)
        assert not re.search(r"\d|secret|sec|GB|WE|top", safe), (padding, safe)


def _traces(text: str) -> set[str]:
    """Digits and capital letters that are shown outside placeholders."""
    return set(re.findall(r"\d|[A-Z]", re.sub(r"\[[a-z]+\]", "", text)))


HOSTILE = [
    "a", "1", "1 ", "1111 ", "01 ", "1.", "1-", "(", "+", "(1", "@", "a@", "a.", "a@a.", "@1", ":", "1:", "::", "a:",
    "AA00", "AA00 ", "://", "?a", "?a=", "www.", "://eyJ", "é", "谢", "[", " ", "\x00", "\u202e", "2024-01-01 ",
    "2019 ", "1.1.1.1", "word ", "\ud800", "…", "#", "%",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_mebibyte_of_anything_costs_little(unit: str) -> None:
    text = unit * (MEBIBYTE // len(unit))
    started = time.perf_counter()
    safe = redact(text)
    assert time.perf_counter() - started < 1.0
    assert len(safe) <= 280


@pytest.mark.parametrize("unit", HOSTILE)
def test_cost_is_linear_in_the_limit(unit: str) -> None:
    def seconds(size: int) -> float:
        # The tail makes every pass run, whatever the unit.
        text = unit * (size // len(unit)) + " www. ?a= @ :: 12 34 5.6.7"
        return min(_timed(lambda: redact(text, size)) for _ in range(3))

    # Eight times the text: a quadratic step would take sixty-four times as long.
    assert seconds(2**16) < 24 * max(seconds(2**13), 0.0005)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def test_blanks_cost_none_of_the_examined_text() -> None:
    assert redact("first" + " " * MEBIBYTE + "last") == "first last"
