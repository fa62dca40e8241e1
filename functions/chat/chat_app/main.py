"""The application on AWS: ``uvicorn chat_app.main:app``, started by run.sh."""

from __future__ import annotations

import os

import wechat_oa.cold_start
from chat_app.app import make_app
from chat_app.logs import log_as_json
from chat_app.services import ChatServices
from wechat_oa.ai.model import Models
from wechat_oa.aws import Aws

log_as_json()
_aws = Aws(os.environ)
_services = ChatServices(_aws.settings, _aws.table(), Models())
# Reads the settings, and so connects to the table, while the function starts and no visitor waits.
_services.model(_services.ai)
app = make_app(_services)
if not _aws.settings.pages_distribution:
    # No CDN: where the API is, the page is.
    from chat_app.page import page_app

    for prefix in dict.fromkeys(("", _aws.settings.context_path)):
        app.mount(f"{prefix}/chat", page_app())
wechat_oa.cold_start.started()
