"""Screen updates cut to the cells that changed, on both sides.

Textual 8 sends a changed span from the left edge of its widget on (its own TODO says so). A clock at the right edge of a
row then costs the whole row every second, which is felt over a slow SSH connection.
"""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate


class TightUpdate(CompositorUpdate):
    """The same update, without the cells to the left of each span."""

    def __init__(self, update: ChopsUpdate) -> None:
        self._update = update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """The update as the terminal reads it."""
        update = self._update
        sequences: list[str] = []
        for y, x1, x2 in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                left, right = max(x, x1), min(end, x2)
                if strip is None or left >= right:
                    continue
                piece = strip.crop(left - x, right - x).simplify()
                sequences.append(Control.move_to(left, y).segment.text)
                sequences.append(piece.render(console))
        return "".join(sequences)


def tight(renderable: RenderableType | None) -> RenderableType | None:
    """What Textual is about to display, cut where that is possible."""
    return TightUpdate(renderable) if isinstance(renderable, ChopsUpdate) else renderable
