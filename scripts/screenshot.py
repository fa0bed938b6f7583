#!/usr/bin/env python3
"""Draw docs/screen.svg, the picture of the README: the real screen on a fake engine, one call talking, one held, one ringing.

python scripts/screenshot.py
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


async def draw() -> None:
    """Write the picture."""
    from tests.tui.support import desk
    from tests.tui.test_pictures import busy_screen
    from tuiphone.config.schema import UiSection
    from tuiphone.tui.themes import DEFAULT

    async with desk((120, 40), ui=UiSection(theme=DEFAULT)) as shown:
        await busy_screen(shown)
        picture = shown.app.export_screenshot(title="tuiphone")
    # No fonts from the network: the reader's own monospaced one.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    picture = re.sub(r"<!--.*?-->", "", picture, flags=re.DOTALL)
    (ROOT / "docs" / "screen.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    asyncio.run(draw())
