"""Cuts the story into what is sent at once. Pure."""

from collections.abc import Iterator
from typing import Final

from streams.demo.scenario import HOUR, Deed, Occurrence, Scenario
from streams.demo.words import LOGIN

_ORDINARY_S: Final = 4 * HOUR
_STORY_S: Final = HOUR / 2

Step = list[Occurrence] | Deed
"""Events that are sent together, or something that somebody does between them."""


def steps(story: Scenario) -> Iterator[Step]:
    """The story's events and deeds in the order of time.

    Events that are sent together are judged together, so each complaint about logging in ends its step: the third
    and the fifteenth are then noticed one by one, as they would be on the day.
    """
    deeds = list(story.deeds)
    waiting: list[Occurrence] = []
    slot: float | None = None
    for one in story.occurrences:
        while deeds and deeds[0].at <= one.at:
            if waiting:
                yield waiting
                waiting = []
            yield deeds.pop(0)
        length = _ORDINARY_S if one.at < story.began else _STORY_S
        place = (one.at - story.began) // length
        if waiting and place != slot:
            yield waiting
            waiting = []
        slot = place
        waiting.append(one)
        if one.event.theme == LOGIN or one.event.id.startswith("complaint-"):
            yield waiting
            waiting = []
    if waiting:
        yield waiting
    yield from deeds
