"""Scripts that write files which are checked in."""

from __future__ import annotations

import local  # noqa: F401  (puts the layer and the functions on the path)
