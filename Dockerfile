# The whole account on one machine. Built and run by compose.yaml; docs/self-host.md says how.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim-trixie AS libraries
WORKDIR /build
COPY layers/common/requirements.txt layers/common/
COPY functions/chat/requirements.txt functions/chat/
COPY functions/mcp/requirements.txt functions/mcp/
COPY functions/pages/requirements.txt functions/pages/
COPY local/requirements.txt local/
# Wheels only: nothing is compiled here, and no package's own script runs.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
        -r local/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes --quiet pip

FROM python:${PYTHON}-slim-trixie
RUN groupadd --gid 10001 wechat && useradd --uid 10001 --gid wechat --no-create-home --shell /usr/sbin/nologin wechat \
    && install --directory --owner=wechat --group=wechat --mode=0700 /data
COPY --from=libraries /opt/venv /opt/venv
COPY layers/common/wechat_oa /app/layers/common/wechat_oa
COPY functions/wechat_reply/wechat_reply /app/functions/wechat_reply/wechat_reply
COPY functions/chat/chat_app /app/functions/chat/chat_app
COPY functions/mcp/wechat_mcp /app/functions/mcp/wechat_mcp
COPY functions/pages/pages_app /app/functions/pages/pages_app
COPY local /app/local
# The file system is read-only when it runs: what Python would cache is made now.
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    WECHAT_MSG_SERVER_HOST=0.0.0.0 \
    MCP_HOST=0.0.0.0 \
    WECHAT_OA_DATA_DIR=/data \
    WECHAT_OA_SIMULATOR=off
# Everything that is kept is here: the data, and logs/ where IS_SAVE_LOG asks for it.
WORKDIR /data
VOLUME /data
USER wechat
# The site and WeChat's callback; MCP; hosted pages, which have an origin of their own.
EXPOSE 3004 3003 3005
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; port = os.environ.get('WECHAT_MSG_SERVER_PORT') or 3004; web.urlopen(f'http://127.0.0.1:{port}/health', timeout=4)"]
# Python is process 1, so that it hears SIGTERM and finishes the answers under way.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "local"]
