"""What an assignment says to people, in each target's own form. Pure."""

from sinks.texts.atlassian import jira_adf
from sinks.texts.blocks import slack_blocks
from sinks.texts.cards import teams_card
from sinks.texts.facts import news, title
from sinks.texts.links import NO_LINKS, Links, TextsConfig, links_of
from sinks.texts.page import html
from sinks.texts.plain import markdown, plain

__all__ = [
    "NO_LINKS",
    "Links",
    "TextsConfig",
    "html",
    "jira_adf",
    "links_of",
    "markdown",
    "news",
    "plain",
    "slack_blocks",
    "teams_card",
    "title",
]
