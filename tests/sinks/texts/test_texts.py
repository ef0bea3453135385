"""Texts as people get them: golden files, limits, and nothing a customer wrote that acts."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.assignment import Assignment, AssignmentState
from schemas.signal import SignalState
from sinks.texts import html, jira_adf, markdown, news, plain, slack_blocks, teams_card, title
from tests.sinks.texts.renew import GOLDEN, texts
from tests.sinks.texts.samples import FIXED, FULL, HATEFUL, LEAST, LINKS, OVERDUE, REGRESSED, RESOLVED, SAMPLES
from tests.support.jobs import make_assignment
from tests.support.signals import make_driver, make_signal

CONTENT = dict(texts())


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_a_text_is_as_it_was_read_and_found_good(name: str) -> None:
    assert CONTENT[name] == (GOLDEN / name).read_text(encoding="utf-8"), "see tests/sinks/texts/renew.py"


def test_every_golden_file_is_of_a_sample() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(CONTENT)


@dataclass
class Page(HTMLParser):
    """Tags and text of a page; every tag is closed."""

    tags: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("br", "rect", "line"):
            self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _pages(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def _strings(document: Any) -> list[str]:
    if isinstance(document, str):
        return [document]
    each = document.values() if isinstance(document, dict) else document if isinstance(document, list) else []
    return [text for part in each for text in _strings(part)]


NASTY = ["<!channel>", "<b>", "&amp;", "[a](b)", "@here", "\n\n# x", "a" * 5000, "&" * 3000]
words = st.text(max_size=60) | st.sampled_from(NASTY)


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    quotes = [replace(FULL.signal.quotes[0], text=draw(words)) for _ in range(draw(st.integers(0, 4)))]
    drivers = [replace(make_driver("a=b"), text=draw(words)) for _ in range(draw(st.integers(0, 6)))]
    signal = make_signal(quotes=quotes, drivers=drivers, context=[draw(words)], theme=draw(words))
    return make_assignment(
        title=draw(words),
        reason=draw(words),
        note=draw(words),
        owner=draw(words),
        changed_by=draw(words),
        state=draw(st.sampled_from(AssignmentState)),
        signal=signal,
    )


@settings(max_examples=150, deadline=None)
@given(assignments())
def test_whatever_it_says_no_limit_is_passed_and_nothing_acts(one: Assignment) -> None:
    assert len(title(one, 150)) <= 150
    assert "\n" not in title(one)
    assert len(plain(one, LINKS)) <= 30_000
    blocks = slack_blocks(one, LINKS)
    assert len(blocks) <= 50
    said = [block["text"]["text"] for block in blocks if "text" in block]
    assert all(len(text) <= 3000 for text in said)
    assert sum(map(len, said)) <= 13_000
    for text in (text for block in blocks if block["type"] == "section" for text in [block["text"]["text"]]):
        assert text.replace(f"<{LINKS[0][1]}|", "").count("<") == 0
        assert all(rest.startswith(("amp;", "lt;", "gt;")) for rest in text.split("&")[1:])
    assert len(json.dumps(teams_card(one, LINKS), ensure_ascii=False).encode()) <= 28_000
    assert all(text for text in _strings(jira_adf(one, LINKS)))
    assert sum(map(len, _strings(jira_adf(one, LINKS)))) <= 32_767
    assert {"script", "img", "b"}.isdisjoint(_pages(html(one, LINKS)).tags)
    assert len(news(one, FULL)) <= 1500


def test_what_a_customer_wrote_calls_nobody() -> None:
    # A header is no mrkdwn: what stands there is shown as it is.
    assert "<!channel>" not in json.dumps([block for block in slack_blocks(HATEFUL) if block["type"] != "header"])
    assert "@everyone" not in markdown(HATEFUL)
    assert "](http" not in markdown(HATEFUL)
    assert "<script>" not in html(HATEFUL)
    assert "<at>" not in json.dumps(teams_card(HATEFUL))


def test_nothing_is_said_of_what_is_not_known() -> None:
    for text in (plain(LEAST), markdown(LEAST), _pages(html(LEAST)).text, " ".join(_strings(slack_blocks(LEAST)))):
        assert "None" not in text
        assert "UNSET" not in text
        assert "Impact" not in text
        assert "1 customers" not in text


@pytest.mark.parametrize(
    ("one", "before", "said"),
    [
        (FULL, None, "Escalated from low to critical; handed over from cx-insights to product-mobile. 15 mentions in "
         "the last 5 hours: critical from 15; usually about 0.1."),
        (OVERDUE, FULL, "Escalated to duty-manager: not acknowledged for 15 minutes; overdue: product-mobile was to "
         "acknowledge it by 2026-05-04 09:15 UTC."),
        (FIXED, FULL, "Fix shipped by ann: 5.12.1 is out."),
        (replace(FIXED, note=""), FULL, "Fix shipped by ann."),
        (RESOLVED, LEAST, "Resolved. Quiet: 0 mentions in 5 hours; noticed from 3."),
        (REGRESSED, RESOLVED, "Reopened after it was resolved. 5 mentions in the last 5 hours."),
        (LEAST, None, "3 mentions in the last 5 hours: low from 3."),
    ],
)  # fmt: skip
def test_news_read_naturally(one: Assignment, before: Assignment | None, said: str) -> None:
    assert news(one, before) == said


def test_buttons_offer_what_is_left_to_do() -> None:
    def offered(one: Assignment, **more: bool) -> list[str]:
        blocks = [block for block in slack_blocks(one, **more) if block["type"] == "actions"]
        return [button["action_id"] for block in blocks for button in block["elements"]]

    assert offered(FULL) == ["gs_ack", "gs_fix_shipped", "gs_dismiss"]
    assert offered(replace(FULL, state=AssignmentState.ACKNOWLEDGED)) == ["gs_fix_shipped", "gs_dismiss"]
    assert offered(FIXED) == offered(RESOLVED) == offered(FULL, buttons=False) == []


def test_every_state_of_a_signal_has_its_texts() -> None:
    for state in SignalState:
        one = replace(FULL, signal=replace(FULL.signal, state=state))
        assert plain(one)
        assert slack_blocks(one)
    assert len(SAMPLES) == 8
