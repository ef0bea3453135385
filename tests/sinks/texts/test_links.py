"""Links in texts: what an assignment says is encoded, and what cannot be filled is refused."""

import pytest

from sinks.texts import TextsConfig, links_of
from tests.support.jobs import make_assignment


def test_what_it_says_is_percent_encoded() -> None:
    config = TextsConfig(links={"Feedback": "https://cx.example/?theme={theme}&id={signal_id}"})
    assert links_of(config, make_assignment(theme="a&b=<c>")) == (
        ("Feedback", "https://cx.example/?theme=a%26b%3D%3Cc%3E&id=sig-1"),
    )


@pytest.mark.parametrize(
    ("name", "template", "message"),
    [
        ("x", "javascript:alert(1)", "links.x: expected an address"),
        ("x", "https://a.example/{nobody}", "links.x: there is no {nobody}; there are signal_id, theme"),
        ("x", "https://a.example/{theme.__class__}", "links.x: there is no {theme.__class__}"),
        ("x", "https://a.example/{", "links.x: "),
        (" ", "https://a.example/", "links: a name is empty"),
    ],
)
def test_what_is_no_link_is_refused(name: str, template: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("{", r"\{").replace("}", r"\}")):
        TextsConfig(links={name: template})
