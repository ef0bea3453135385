"""What the states of a target's own workflow mean for a signal."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.action import ActionKind

Meaning = Mapping[str, ActionKind | str]
NOTHING = ""
_MEANT = [kind for kind in ActionKind if kind is not ActionKind.REASSIGNED]


def check_meanings(key: str, meanings: Meaning) -> None:
    """Whether each state means an action, or nothing.

    Raises:
        ValueError: naming the key.
    """
    for state, kind in meanings.items():
        if kind != NOTHING and kind not in _MEANT:
            known = ", ".join(_MEANT)
            raise ValueError(f'{key}: "{state}" means "{kind}"; expected one of {known}, or "" for nothing')


def meant(state: str, given: Meaning, usual: Meaning) -> ActionKind | None:
    """The action that a state means: by the configuration, else by what is usual; None for nothing.

    >>> meant("In Review", {"in review": "acknowledged"}, {"in review": ""})
    <ActionKind.ACKNOWLEDGED: 'acknowledged'>
    """
    for meanings in (given, usual):
        for name, kind in meanings.items():
            if name.casefold() == state.casefold():
                return ActionKind(kind) if kind else None
    return None
