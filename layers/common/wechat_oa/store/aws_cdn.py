"""CloudFront before a bucket: told of what has changed, so that nobody is shown the old for long."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from .aws_errors import aws_errors
from .table import StoreError

log = logging.getLogger(__name__)


def invalidating(client: Any, distribution_id: str) -> Callable[[str], None]:
    """Return a function that has CloudFront forget a path (percent-encoded, ``*`` at its end for all below).

    Where that fails it is logged and no more: what CloudFront keeps is kept for a minute.
    """

    def invalidate(path: str) -> None:
        batch = {"Paths": {"Quantity": 1, "Items": [path]}, "CallerReference": uuid.uuid4().hex}
        try:
            with aws_errors("CreateInvalidation"):
                client.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch)
        except StoreError as error:
            log.warning("the cache still has the old page for a minute: %s", error)

    return invalidate
