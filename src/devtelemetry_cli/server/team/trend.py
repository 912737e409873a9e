"""The trend lines of a table's rows: small pictures without a script. Pure."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 72, 24
MOST_POINTS = 26  # of more weeks, neighbours are added up: a page has a hundred of these lines


def line(values: Sequence[float]) -> Markup:
    """A line through `values`, the highest at the top; empty for fewer than two.

    Hidden from screen readers: the change in words stands beside it.
    """
    points = _thinned(values)
    if len(points) < 2:
        return Markup()
    highest, pitch = max(points) or 1, WIDTH / (len(points) - 1)
    places = " ".join(f"{number * pitch:.0f} {_height(value / highest)}" for number, value in enumerate(points))
    head = f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
    return Markup(f'{head}<path d="M{places}"/></svg>')  # noqa: S704 - numbers only


def _thinned(values: Sequence[float]) -> list[float]:
    """At most MOST_POINTS sums of neighbours; of the oldest values some are left out, so that all sums are alike."""
    size = -(-len(values) // MOST_POINTS) or 1
    return [sum(values[first : first + size]) for first in range(len(values) % size, len(values), size)]


def _height(share: float) -> str:
    return f"{HEIGHT - 2 - (HEIGHT - 4) * share:.0f}"
