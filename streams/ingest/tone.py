"""Sentiment of an event that carries none: from its survey scores, else from its words.

Sentiment lies in [-1, 1]: -1 is the worst, 0 neutral or unknown, 1 the best.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files

__all__ = ["Tone", "from_scores"]

# The first scale with a usable value decides: stars rate the experience itself, NPS the brand as a whole.
_SCALES: tuple[tuple[str, float, float], ...] = (("stars", 1.0, 5.0), ("csat", 1.0, 5.0), ("nps", 0.0, 10.0))

# "not great" is bad, but milder than "terrible".
_NEGATION = -0.75
_REACH = 3
# Sets how fast evidence saturates: one word of valence 3 gives about 0.6.
_ALPHA = 15.0

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|[.,;:!?()\n]|[\u2600-\u27bf\U0001f300-\U0001faff]")
_CLAUSE_ENDS = frozenset(".,;:!?()\n") | {"but", "however", "although", "though", "yet"}
# "not fast or helpful" denies both, "no issues and great support" only the first.
_CARRIES_ON = frozenset({"or", "nor"})
# Other characters people write for the apostrophe of "don't".
_APOSTROPHES = "\u2018\u2019\u02bc`"


def from_scores(metrics: Mapping[str, float]) -> tuple[float, str] | None:
    """Sentiment and the name of the score it came from; None where no score is usable.

    Reads `stars` and `csat` (1 to 5) and `nps` (0 to 10), in this order of preference, each mapped linearly to [-1, 1].
    A value outside its scale, NaN included, counts as absent.
    """
    for name, low, high in _SCALES:
        value = metrics.get(name)
        if value is not None and low <= value <= high:
            return (2.0 * value - low - high) / (high - low), name
    return None


class Tone:
    """Lexicon sentiment for English text; a fallback that knows the vocabulary of service experience.

    Words and short phrases carry a valence from -4 to 4. A negator among the three words before one flips it, an
    intensifier scales it; neither reaches across the end of a clause nor past another valued word.

    Raises:
        ValueError: the packaged lexicon is damaged; the message names the entry.
    """

    def __init__(self) -> None:
        source = files("streams.ingest").joinpath("lexicon.toml")
        lexicon = tomllib.loads(source.read_text(encoding="utf-8"))
        self._modifiers: dict[str, float] = {}
        # First word -> (remaining words, valence), longest first, so that a phrase wins over the words in it.
        self._entries: dict[str, list[tuple[list[str], float]]] = {}
        for word in lexicon["negators"]:
            self._modifiers[_word(word)] = _NEGATION
        for word, factor in lexicon["intensifiers"].items():
            self._modifiers[_word(word)] = _number(word, factor, 0.0, 3.0)
        for phrase, valence in lexicon["valence"].items():
            first, *rest = _words(phrase)
            self._entries.setdefault(first, []).append((rest, _number(phrase, valence, -4.0, 4.0)))
        for options in self._entries.values():
            options.sort(key=lambda option: -len(option[0]))

    def from_text(self, text: str) -> float:
        """Sentiment of `text` in [-1, 1]; 0.0 where no entry of the lexicon occurs.

        The time it takes is linear in the length of the text.
        """
        tokens = _tokens(text)
        entries = self._entries
        modifiers = self._modifiers
        total = 0.0
        floor = 0
        next_free = 0
        for position, token in enumerate(tokens):
            options = entries.get(token)
            if options is None or position < next_free:
                continue
            for rest, valence in options:
                after = position + 1 + len(rest)
                if not rest or tokens[position + 1 : after] == rest:
                    score = valence
                    break
            else:
                continue
            back = position - 1
            stop = max(floor, position - _REACH)
            while back >= stop:
                word = tokens[back]
                factor = modifiers.get(word)
                if factor is not None:
                    score *= factor
                elif word in _CLAUSE_ENDS:
                    break
                back -= 1
            total += score
            next_free = after
            if after >= len(tokens) or tokens[after] not in _CARRIES_ON:
                floor = after
        return total / math.sqrt(total * total + _ALPHA)


def _tokens(text: str) -> list[str]:
    lowered = text.lower()
    for apostrophe in _APOSTROPHES:
        lowered = lowered.replace(apostrophe, "'")
    return _TOKEN.findall(lowered)


def _words(phrase: str) -> list[str]:
    words = _tokens(phrase)
    if not words or " ".join(words) != phrase:
        raise ValueError(f"lexicon.toml: {phrase!r}: expected lower-case words with single spaces")
    return words


def _word(word: str) -> str:
    words = _words(word)
    if len(words) != 1:
        raise ValueError(f"lexicon.toml: {word!r}: expected one word")
    return words[0]


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"lexicon.toml: {name!r}: expected a number from {low} to {high}, got {value!r}")
    return float(value)
