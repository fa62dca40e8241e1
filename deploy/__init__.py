"""``python -m deploy``: the whole account to AWS and back, and a look at how it is doing there."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# On Lambda the layer is on the path; here it is put there.
if (_layer := str(ROOT / "layers/common")) not in sys.path:
    sys.path.insert(0, _layer)
