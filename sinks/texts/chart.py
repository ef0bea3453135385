"""A sparkline as an inline SVG: bars, and the usual as a line. Pure."""

from html import escape

from schemas.signal import Sparkline

_WIDTH, _HEIGHT, _MOST_BARS = 480, 64, 96


def chart(line: Sparkline, label: str) -> str:
    """The picture, with ``label`` for those who cannot see it; empty if there is nothing to draw.

    >>> from datetime import UTC, datetime
    >>> flat = Sparkline(pane_s=60.0, end=datetime(2026, 5, 4, tzinfo=UTC), values=[None])
    >>> chart(flat, "")
    ''
    """
    values = line.values[-_MOST_BARS:]
    known = [value for value in values if value is not None]
    usual = line.usual or 0.0
    low, high = min([0.0, usual, *known]), max([0.0, usual, *known])
    if not known or high <= low:
        return ""
    scale, step = _HEIGHT / (high - low), _WIDTH / len(values)
    zero = high * scale
    drawn = []
    for number, value in enumerate(values):
        if value is not None:
            size = abs(value) * scale
            top = zero - size if value > 0 else zero
            drawn.append(
                f'<rect x="{number * step:.1f}" y="{top:.1f}" width="{max(step - 1.0, 1.0):.1f}" height="{size:.1f}"/>'
            )
    if line.usual:
        level = zero - usual * scale
        drawn.append(
            f'<line x1="0" x2="{_WIDTH}" y1="{level:.1f}" y2="{level:.1f}" stroke="#888" stroke-dasharray="4 3"/>'
        )
    name = escape(label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="{name}" fill="#b3261e"><title>{name}</title>{"".join(drawn)}</svg>'
    )
