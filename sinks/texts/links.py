"""Links in texts, from templates of the configuration. Pure."""

from collections.abc import Callable, Mapping
from string import Formatter
from urllib.parse import quote, urlsplit

from msgspec import Struct

from schemas.assignment import Assignment

Links = tuple[tuple[str, str], ...]
"""(name, address) of each."""

NO_LINKS: Links = ()

_FIELDS: Mapping[str, Callable[[Assignment], str]] = {
    "signal_id": lambda assignment: assignment.signal_id,
    "theme": lambda assignment: assignment.theme,
    "tenant": lambda assignment: assignment.tenant,
    "owner": lambda assignment: assignment.owner,
    "severity": lambda assignment: assignment.severity.value,
    "since": lambda assignment: assignment.signal.first_mention.isoformat(),
    "until": lambda assignment: assignment.signal.last_mention.isoformat(),
}


class TextsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[texts]``.

    Attributes:
        links: name -> address, in which ``{theme}`` and the like stand for what the assignment says.

    Raises:
        ValueError: naming the key.
    """

    links: dict[str, str] = {}

    def __post_init__(self) -> None:
        for name, template in self.links.items():
            if not name.strip():
                raise ValueError("links: a name is empty")
            if urlsplit(template).scheme not in ("https", "http"):
                raise ValueError(f"links.{name}: expected an address such as https://example.com/?theme={{theme}}")
            try:
                asked = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
            except ValueError as error:
                raise ValueError(f"links.{name}: {error}") from None
            if unknown := sorted(asked - _FIELDS.keys()):
                raise ValueError(f"links.{name}: there is no {{{unknown[0]}}}; there are {', '.join(_FIELDS)}")


def links_of(config: TextsConfig, assignment: Assignment) -> Links:
    """The links of an assignment, what it says percent-encoded."""
    values = {name: quote(value(assignment), safe="") for name, value in _FIELDS.items()}
    return tuple((name, template.format_map(values)) for name, template in config.links.items())
