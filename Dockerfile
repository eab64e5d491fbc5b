# One node. Alone: docker run --init -p 4000:4000 -v chatter:/data --stop-timeout 15 chatter
# Several: compose.yaml, docs/deploying.md.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md ./
COPY web web
COPY chatter chatter
RUN --mount=type=cache,target=/cache \
    export PIP_CACHE_DIR=/cache/pip NPM_CONFIG_CACHE=/cache/npm && \
    python -m venv /opt/chatter && /opt/chatter/bin/pip install .

FROM python:${PYTHON}-slim-bookworm
RUN install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/chatter /opt/chatter
ENV PATH=/opt/chatter/bin:$PATH HOST=0.0.0.0 PORT=4000
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM

# Whether it answers, whatever it says: a node whose database is away keeps its sockets, and must not be restarted.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=5); c.request('GET', '/api/health'); c.getresponse()"]

ENTRYPOINT ["python", "-m", "chatter"]
