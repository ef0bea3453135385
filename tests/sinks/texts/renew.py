"""Writes the golden files anew: ``python -m tests.sinks.texts.renew``. Read the difference before you commit it."""

import json
from collections.abc import Iterator
from pathlib import Path

from sinks.texts import html, jira_adf, markdown, plain, slack_blocks, teams_card, title
from tests.sinks.texts.samples import LINKS, SAMPLES

GOLDEN = Path(__file__).parent / "golden"


def texts() -> Iterator[tuple[str, str]]:
    """(file name, content) of every sample in every form."""
    for name, one in SAMPLES.items():
        yield f"{name}.txt", f"{title(one)}\n\n{plain(one, LINKS)}\n"
        yield f"{name}.md", f"{markdown(one, LINKS)}\n"
        yield f"{name}.html", f"{html(one, LINKS)}\n"
        documents = {"jira": jira_adf(one, LINKS), "slack": slack_blocks(one, LINKS), "teams": teams_card(one, LINKS)}
        for form, document in documents.items():
            yield f"{name}.{form}.json", f"{json.dumps(document, indent=1, ensure_ascii=False)}\n"


if __name__ == "__main__":
    for file, content in texts():
        (GOLDEN / file).write_text(content, encoding="utf-8")
