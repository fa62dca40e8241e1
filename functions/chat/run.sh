#!/bin/sh
# Started by the AWS Lambda Web Adapter in place of a handler. The layer and the runtime's own libraries come
# after the function's, as they do for a handler.
export PYTHONPATH="${LAMBDA_TASK_ROOT:-.}:/opt/python:${LAMBDA_RUNTIME_DIR:-}${PYTHONPATH:+:$PYTHONPATH}"
exec python3 -m uvicorn chat_app.main:app --host 127.0.0.1 --port "${AWS_LWA_PORT:-8000}" \
    --no-access-log --no-server-header --log-level warning
