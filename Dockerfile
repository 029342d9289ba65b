# The same steps as `make run`: `make setup` from the lock file, then `roomcast serve`.
# One HTTP port (8080) and one media port (10000, UDP and TCP). Everything that lasts is in /data.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/roomcast

# Installs into a virtual environment; make and pip's cache stay behind in this stage.
FROM base AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
COPY Makefile hatch_build.py pyproject.toml requirements.lock README.md ./
COPY sfu sfu
COPY signalling signalling
COPY recorder recorder
COPY roomcast roomcast
COPY bench bench
COPY sdk sdk
COPY web web
RUN make setup

FROM base AS server
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin roomcast \
    && install --directory --owner roomcast --group roomcast --mode 0700 /data
COPY --from=build /opt/roomcast /opt/roomcast
USER roomcast
ENV PATH="/opt/roomcast/.venv/bin:$PATH" \
    ROOMCAST_DATA_DIR=/data \
    ROOMCAST_HTTP_HOST=0.0.0.0 \
    ROOMCAST_HTTP_PORT=8080 \
    ROOMCAST_MEDIA_PORT=10000
VOLUME /data
EXPOSE 8080/tcp 10000/udp 10000/tcp
# SIGTERM lets the server say goodbye to its participants before it ends.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['ROOMCAST_HTTP_PORT']}/health\", timeout=2)"]
CMD ["roomcast", "serve"]
