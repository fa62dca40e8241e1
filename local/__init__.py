"""Everything on one machine: the same functions, stores in a folder, a small WeChat platform."""

from __future__ import annotations

import sys
from pathlib import Path

# On Lambda the layer and each function's folder are on the path; here they are put there.
ROOT = Path(__file__).resolve().parent.parent
for _folder in (
    "layers/common",
    "functions/wechat_reply",
    "functions/chat",
    "functions/mcp",
    "functions/pages",
):
    if (_path := str(ROOT / _folder)) not in sys.path:
        sys.path.insert(0, _path)
