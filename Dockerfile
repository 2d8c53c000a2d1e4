# The image of the action, which is the command line as well: docs/container.md says why each part is as it is.
#
#     docker build --tag imgupdate .
#     docker run --rm --volume "$PWD:/repository" --workdir /repository imgupdate run
#
# BASE is any Debian of trixie with its Python 3.11 or newer as `python3`, and `python3 -m venv`: the slim image, which is
# named in a stage of its own so that Dependabot sees it, and a bootstrapped Debian alike. The digest is of an index,
# which holds amd64 and arm64.
ARG BASE=pinned
FROM docker.io/library/python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS pinned


FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /source

# pip is in an environment of its own, and so is not in the one that is shipped. An index and a CA other than the
# usual ones are given as secrets, which no layer keeps: --secret id=pip.conf,src=... --secret id=pip-ca.pem,src=...
RUN python3 -m venv /opt/tools \
    && python3 -m venv --without-pip /opt/imgupdate
COPY requirements.lock requirements-build.lock ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=pip-ca.pem,target=/run/pip-ca.pem \
    /opt/tools/bin/pip install --require-hashes --only-binary=:all: --requirement requirements-build.lock \
    && /opt/tools/bin/pip --python /opt/imgupdate/bin/python install --no-compile --require-hashes --only-binary=:all: \
        --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY imgupdate imgupdate
RUN /opt/tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/tools/bin/pip --python /opt/imgupdate/bin/python install --no-compile --no-index --no-deps /wheels/*.whl
COPY entrypoint.py /opt/imgupdate/
COPY container container
RUN /opt/imgupdate/bin/python -I container/finish.py strip


FROM ${BASE}
RUN --mount=type=bind,source=container,target=/container /container/install-programs
COPY --from=build /opt/imgupdate /opt/imgupdate
RUN --mount=type=bind,source=container,target=/container /opt/imgupdate/bin/python -I /container/finish.py compile \
    && /opt/imgupdate/bin/python -I /container/sbom.py > /opt/imgupdate/sbom.cdx.json

ENV LANG=C.UTF-8
ARG VERSION=0+unknown
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="imgupdate" \
      org.opencontainers.image.description="Flux's image automation without a cluster: as a GitHub Action and from the command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Root, as Docker actions have to be. No shell: one would drop the variables of inputs with a dash. -I keeps the
# workspace, which is the working directory, and the user's PYTHON… variables out of the interpreter.
ENTRYPOINT ["/opt/imgupdate/bin/python", "-I", "-B", "-u", "/opt/imgupdate/entrypoint.py"]
