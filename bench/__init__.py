"""What is measured, and against what: ``python -m bench``, or one measure alone by its name."""

from __future__ import annotations

import local  # noqa: F401  (puts the layer and the functions on the path)
