"""The customers of the demo's bank: who they are does not change from one event to the next."""

from random import Random
from typing import Final, NamedTuple

OLD_VERSION, NEW_VERSION = "5.11.2", "5.12.0"
IOS_17: Final = "iOS 17"

_OS: Final = {"iOS 16": 34.0, IOS_17: 12.0, "Android 13": 24.0, "Android 14": 30.0}
_TIERS: Final = {"standard": 78.0, "plus": 16.0, "business": 6.0}
_REGIONS: Final = {"north": 22.0, "south": 30.0, "east": 18.0, "west": 30.0}
_NEW_VERSION_SHARE: Final = 0.55


class Person(NamedTuple):
    """A customer, by a reference that says nothing about the person."""

    reference: str
    tier: str
    region: str
    os_version: str
    version: str


def population(random: Random, size: int) -> list[Person]:
    """``size`` customers."""
    return [
        Person(
            f"c-{number:05d}",
            pick(random, _TIERS),
            pick(random, _REGIONS),
            pick(random, _OS),
            NEW_VERSION if random.random() < _NEW_VERSION_SHARE else OLD_VERSION,
        )
        for number in range(size)
    ]


def pick(random: Random, weights: dict[str, float]) -> str:
    """One of the keys, as often as its weight says."""
    return random.choices(list(weights), list(weights.values()))[0]
