"""The demo's story: an ordinary week in a bank's app, then logins that fail on iOS 17. Pure and seeded.

Everything is placed relative to the first complaint, a Tuesday at nine in the bank's own time, and then moved so that
the story ends now: the same signals come out at whatever hour it is played.
"""

from math import cos, pi
from random import Random
from typing import Final, Literal, NamedTuple

from schemas.action import ActionKind
from schemas.event import Event
from schemas.times import instant
from streams.demo.people import IOS_17, NEW_VERSION, Person, pick, population
from streams.demo.words import COMPLAINTS, LOGIN, ORDINARY, RARE_LOGIN, UNTAGGED

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BEFORE_S: Final = 7 * DAY
AFTER_S: Final = 28 * HOUR
"""How long the ordinary week lasts, and the story after the first complaint."""

# Minutes since the first complaint; the third comes after two hours, the fifteenth within five.
_COMPLAINTS: Final = (
    0, 52, 118, 141, 160, 176, 189, 201, 214, 226, 238, 249, 259, 268, 277, 291, 318, 352, 398, 455, 540, 650, 790,
)  # fmt: skip
_RARE_LOGIN_DAYS: Final = (-5.7, -3.9, -1.4)
_FIRST_HOUR, _FIRST_WEEKDAY = 9.0, 1
_A_DAY: Final = 1000.0
_CUSTOMERS: Final = 4000
_CHANNELS: Final = {"app-review": 28.0, "post": 16.0, "chat": 32.0, "call": 24.0}

Topic = Literal["interactions", "feedback"]


class Occurrence(NamedTuple):
    """An event, when it happens (epoch seconds), and the input topic it belongs on."""

    at: float
    topic: Topic
    event: Event


class Deed(NamedTuple):
    """What somebody does about the incident, and when (epoch seconds)."""

    at: float
    kind: ActionKind
    by: str
    note: str


class Scenario(NamedTuple):
    """The whole story, in the order of time.

    Attributes:
        began: the first complaint, epoch seconds.
    """

    began: float
    ends: float
    occurrences: list[Occurrence]
    deeds: list[Deed]


def scenario(ends: float, seed: int = 17) -> Scenario:
    """The story whose last event lies at most a minute before ``ends``, epoch seconds.

    >>> story = scenario(ends=1.8e9)
    >>> sum(one.event.theme == "login-failure" or "complaint" in one.event.id for one in story.occurrences)
    26
    """
    random = Random(seed)
    # Panes are whole minutes: a start on one keeps the story the same to the second.
    began = (ends - AFTER_S) // MINUTE * MINUTE
    people = population(random, _CUSTOMERS)
    found = _ordinary(random, began, people) + _rare_logins(random, began, people) + _incident(random, began, people)
    found.sort(key=lambda one: (one.at, one.event.id))
    return Scenario(began, began + AFTER_S, found, _deeds(began))


def activity(since_first_s: float) -> float:
    """How busy the bank is then, 1 on the average weekday: little at night, most at four, less at the weekend."""
    hours = _FIRST_HOUR + since_first_s / HOUR
    of_day = 1.0 - 0.85 * cos(2 * pi * (hours - 4.0) / 24.0)
    weekday = (_FIRST_WEEKDAY + hours // 24.0) % 7
    return of_day * (0.7 if weekday >= 5 else 1.0)


def _ordinary(random: Random, began: float, people: list[Person]) -> list[Occurrence]:
    weights = {theme: talk.weight for theme, talk in ORDINARY.items()}
    busiest = 1.85
    found: list[Occurrence] = []
    at = -BEFORE_S
    # A Poisson process whose rate follows the day, by thinning.
    while (at := at + random.expovariate(_A_DAY / DAY * busiest)) < AFTER_S:
        if random.random() * busiest < activity(at):
            person = random.choice(people)
            name = f"e-{len(found):05d}"
            found.append(_item(random, name, began + at, person, pick(random, weights)))
    return found


def _item(random: Random, name: str, at: float, person: Person, theme: str) -> Occurrence:
    """An ordinary item. What it carries depends on where it comes from: a theme, words, stars, a sentiment."""
    talk = ORDINARY[theme]
    mood = max(-1.0, min(1.0, random.gauss(talk.mood, 0.3)))
    channel = pick(random, _CHANNELS)
    event = _event(name, at, person, channel)
    if channel == "app-review":
        event.metrics = {"stars": float(round(3 + 2 * mood))}
        if random.random() < 0.4:
            event.theme = theme
        else:
            event.text = random.choice(talk.texts)
        return Occurrence(at, "feedback", event)
    if channel == "post":
        event.text = random.choice(talk.texts if random.random() < 0.9 else UNTAGGED)
        return Occurrence(at, "feedback", event)
    event.theme = theme
    event.metrics = {"handle_s": round(max(30.0, random.gauss(talk.handle_s, 60.0)), 1)}
    if channel == "chat":
        event.text = random.choice(talk.texts)
    if random.random() < 0.6:
        event.sentiment, event.sentiment_source = round(mood, 2), "model"
    return Occurrence(at, "interactions", event)


def _rare_logins(random: Random, began: float, people: list[Person]) -> list[Occurrence]:
    found = []
    for number, days in enumerate(_RARE_LOGIN_DAYS):
        at = began + days * DAY
        event = _event(f"e-login-{number}", at, random.choice(people), "chat")
        event.theme, event.text = LOGIN, RARE_LOGIN[number]
        found.append(Occurrence(at, "interactions", event))
    return found


def _incident(random: Random, began: float, people: list[Person]) -> list[Occurrence]:
    hit = [person for person in people if person.os_version == IOS_17 and person.version == NEW_VERSION]
    others = [person for person in people if person.os_version != IOS_17]
    authors = random.sample(hit, len(_COMPLAINTS))
    # Two on another system, as there always are, and one who complains twice.
    authors[6], authors[15] = random.sample(others, 2)
    authors[20] = authors[3]
    found = []
    for number, minutes in enumerate(_COMPLAINTS):
        at = began + minutes * MINUTE
        channel = ("app-review", "post", "chat")[number % 3]
        event = _event(f"complaint-{number + 1:02d}", at, authors[number], channel)
        event.text = COMPLAINTS[number % len(COMPLAINTS)]
        if channel == "app-review":
            event.metrics = {"stars": 1.0}
        found.append(Occurrence(at, "interactions" if channel == "chat" else "feedback", event))
    return found


def _event(name: str, at: float, person: Person, channel: str) -> Event:
    return Event(
        id=name,
        time=instant(at),
        customer=person.reference,
        tier=person.tier,
        region=person.region,
        version=person.version,
        product="mobile-app",
        channel=channel,
        attributes={"os_version": person.os_version},
    )


def _deeds(began: float) -> list[Deed]:
    return [
        Deed(began + 285 * MINUTE, ActionKind.ACKNOWLEDGED, "product-mobile", "On it with identity-platform."),
        Deed(
            began + 500 * MINUTE, ActionKind.FIX_SHIPPED, "product-mobile", "5.12.1: token request no longer times out."
        ),
    ]
