"""How a role is reached with a connector, from ``[contacts.ROLE]``."""

from collections.abc import Mapping

from sinks.delivery.courier import Contact
from streams.settings import Settings


def contact_by(settings: Settings, connector: str) -> Contact:
    """A role -> what stands under the connector's name; text stands for ``{ to = text }``.

    >>> contact = contact_by(Settings(contacts={"product": {"slack": "#mobile"}}), "slack")
    >>> contact("product"), contact("growth")
    ({'to': '#mobile'}, {})
    """

    def contact(role: str) -> Mapping[str, str]:
        given = settings.contacts.get(role, {}).get(connector, {})
        return {"to": given} if isinstance(given, str) else given

    return contact
