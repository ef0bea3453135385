"""No secret reaches a sample, whatever surrounds it; redacting twice is redacting once; no text takes long."""

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.ingest.counter import CountSettings, PartitionCounter
from streams.ingest.decode import Limits
from streams.ingest.enrich import Enricher
from streams.ingest.redact import redact
from tests.fuzz.strategies import FUZZ
from tests.support.detecting import START
from tests.support.pipeline_sim import Raw, event

ENRICHER = Enricher(None)


def luhn(body: str) -> str:
    """``body`` with its check digit."""
    doubled = [int(digit) * (2 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(body))]
    return body + str(-sum(n - 9 if n > 9 else n for n in doubled) % 10)


def iban(country: str, body: str) -> str:
    """``body`` with its country and check digits (mod 97)."""
    number = int("".join(str(int(character, 36)) for character in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02d}{body}"


def grouped(number: str, size: int, separator: str) -> str:
    return separator.join(number[n : n + size] for n in range(0, len(number), size))


digits = st.text("0123456789", min_size=3, max_size=4)
mails = st.from_regex(r"[a-z][a-z0-9._+-]{0,12}[a-z0-9]@[a-z][a-z0-9-]{0,8}(\.[a-z]{2,6}){1,2}", fullmatch=True)
cards = st.builds(
    lambda body, size, separator: grouped(luhn(body), size, separator),
    st.from_regex(r"[3-6][0-9]{11,17}", fullmatch=True),
    st.integers(3, 6),
    # Groups between points are versions, unless one is long.
    st.sampled_from(["", " ", "-", "\u00a0", "–"]),
)
ibans = st.builds(
    lambda country, body, separator: grouped(iban(country, body), 4, separator),
    st.from_regex(r"[A-Z]{2}", fullmatch=True),
    st.from_regex(r"[A-Z0-9]{11,30}", fullmatch=True),
    st.sampled_from(["", " ", "-"]),
)
phones = st.builds(
    lambda country, groups, separator: f"+{country}{separator}{separator.join(groups)}",
    st.integers(1, 999),
    st.lists(digits, min_size=3, max_size=3),
    st.sampled_from(["", " ", "-", "."]),
)
secrets = st.one_of(mails, cards, ibans, phones)
quiet = st.text(
    st.characters(categories=["Lu", "Ll", "Lo", "Zs", "Po", "Sm", "Cf", "So"], exclude_characters="@＠"), max_size=40
)
loud = st.lists(
    st.sampled_from(
        ["call", "me,", "room 12", "50%", "€9.99", "2024-01-31", "at 10:30", "a@", "?", "(", "my", "::1", "谢谢"]
    )
    | mails,
    max_size=6,
).map(" ".join)
surroundings = quiet | loud
before = st.sampled_from([" ", "\n", " (", ": ", " \u202e", ' "', "，"])
after = st.sampled_from([" ", ".", ", ", ")", "\n", "!", '"', "? "])


def bare(text: str) -> str:
    """Letters and digits alone: what a secret is, however it is written."""
    return re.sub(r"[^0-9a-z@]", "", text.lower())


def samples(text: str) -> list[str]:
    """What ingest keeps of a text."""
    counter = PartitionCounter(0, CountSettings(), Limits(), ENRICHER)
    assert counter.count([Raw(0, round(START * 1000), event(START, "e", "login", text=text))]) == []
    return [sample.text for update in counter.flush() for cell in update.cells for sample in cell.samples]


@FUZZ
@given(surroundings, before, secrets, after, surroundings)
def test_no_secret_is_kept(head: str, opening: str, secret: str, closing: str, tail: str) -> None:
    assume(bare(secret) not in bare(head + opening + closing + tail))
    kept = samples(f"{head}{opening}{secret}{closing}{tail}")
    assert len(kept) == 1
    for text in kept:
        assert secret not in text
        assert bare(secret) not in bare(text)


@FUZZ
@given(st.lists(st.tuples(secrets, before, surroundings), min_size=2, max_size=5), st.integers(1, 300))
def test_redacting_again_changes_nothing(parts: list[tuple[str, str, str]], limit: int) -> None:
    once = redact("".join(f"{opening}{secret} {text}" for secret, opening, text in parts), limit)
    assert redact(once, limit) == once


UNITS = [
    "1", "1 ", "11 ", "1111 ", "0 1", "1-", "1.", "1/", "(1", "+1", "a", "a.", "a@", "@a", "a@a.", "a.a@", "@", "AA00",
    "AA00 ", "a1", "A1-", "::", "a:", "1:", "1::", "://", "://a?", "?a=", "www.", "eyJ", "[", "]", " ", "\t", "\u202e",
    "é", "谢", "…", "%41", "2024-01-01 ", "1.1.1.1 ", "a-", "-", "_", "<", '"', "1,1", "£1 ", "v1.1 ",
]  # fmt: skip
LENGTH = 20_000


def seconds(text: str) -> float:
    """The quickest of five, so that a busy machine does not count; all of the text is examined."""
    took = []
    for _ in range(5):
        began = time.process_time()
        redact(text, len(text))
        took.append(time.process_time() - began)
    return min(took)


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_takes_less_than_four_times_as_long(unit: str) -> None:
    once = unit * (LENGTH // len(unit))
    # Below a millisecond the clock says nothing.
    assert seconds(once * 2) < 4 * max(seconds(once), 0.001)


def test_no_text_is_examined_beyond_a_few_times_the_limit() -> None:
    text = "4111 1111 1111 1111 " * 50_000
    began = time.process_time()
    assert len(redact(text)) <= 280
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("separator", [".", "_", "/", "·", ","])
def test_cards_with_other_separators_are_not_kept(separator: str) -> None:
    for number in ("4111111111111111", "5500000000000004"):
        assert number not in bare(redact(f"my card {grouped(number, 4, separator)} was charged"))
