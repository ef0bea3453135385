"""The event: one normalized interaction or feedback item, as it arrives on an input topic."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

SCHEMA_VERSION = 1
"""The newest event schema this build understands; a higher one is a dead letter."""

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Value = Annotated[str, Meta(max_length=256)]
PersonalValue = Annotated[str, Meta(max_length=256, extra_json_schema={"x-pii": True})]
MetricName = Annotated[str, Meta(max_length=128)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
Sentiment = Annotated[float, Meta(ge=-1.0, le=1.0)]
Scalar = Value | int | float | bool | None


class Theme(Struct, frozen=True, kw_only=True):
    """A theme with the confidence its producer gave it.

    Attributes:
        name: what the event is about, such as ``login-failure``.
        confidence: 0 to 1.
    """

    name: Name
    confidence: Unit = 1.0


class Event(Struct, kw_only=True, gc=False):
    """One interaction or feedback item.

    Needs an id, a time and either a theme or a text; all else is optional. Times carry an
    offset (RFC 3339). Money is per year in the tenant's currency, sentiment is -1 (bad) to 1
    (good), metric names end in their unit (``handle_s``, ``wait_s``) or are plain scores
    (``csat``, ``nps``, ``stars``). Unknown fields are kept by :func:`schemas.codec.decode_event`.
    Values are at most 256 characters long: what is longer is no value to count by.
    """

    id: Name
    time: Annotated[datetime, Meta(tz=True)]
    schema_version: int = SCHEMA_VERSION
    tenant: Name = "default"
    theme: Name | None = None
    themes: Annotated[list[Name | Theme], Meta(max_length=32)] = []
    text: Annotated[str, Meta(extra_json_schema={"x-pii": True})] | None = None
    sentiment: Sentiment | None = None
    sentiment_source: Value | None = None
    customer: PersonalValue | None = None
    segment: Value | None = None
    tier: Value | None = None
    arr: float | None = None
    region: Value | None = None
    channel: Value | None = None
    product: Value | None = None
    version: Value | None = None
    locale: Value | None = None
    queue: Value | None = None
    agent: PersonalValue | None = None
    journey_step: Value | None = None
    metrics: Annotated[dict[MetricName, float], Meta(max_length=64)] = {}
    attributes: Annotated[dict[Value, Scalar], Meta(max_length=128)] = {}
