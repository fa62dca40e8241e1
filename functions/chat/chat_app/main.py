"""The application on AWS: ``uvicorn chat_app.main:app``, started by run.sh."""

from __future__ import annotations

import os

from chat_app.app import make_app
from chat_app.logs import log_as_json
from chat_app.services import ChatServices
from wechat_oa.ai.model import Models
from wechat_oa.aws import Aws

log_as_json()
_aws = Aws(os.environ)
_services = ChatServices(_aws.settings, _aws.table(), Models())
# Sets up the model's client while the function starts, where it costs no visitor any time.
_services.model(_services.ai)
app = make_app(_services)
