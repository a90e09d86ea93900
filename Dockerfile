# lgtsm in a container. The default is the CPU; for CUDA devices take the torch of PyPI, which brings CUDA along:
#   docker build -t lgtsm .
#   docker build -t lgtsm:cuda --build-arg TORCH_INDEX=https://pypi.org/simple .
# docs/integrations.md says how to run it on a folder.
FROM python:3.12.11-slim-bookworm AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/lgtsm
ENV PATH=/opt/lgtsm/bin:$PATH
# First what changes rarely and takes long.
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch>=2.6" "torchvision>=0.21"
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY conf conf
COPY lgtsm lgtsm
# The detector behind --text comes without its dependencies, which would replace OpenCV.
# This folder has no version to pin:
# hadolint ignore=DL3013
RUN pip install --no-cache-dir ".[text]" \
    && pip install --no-cache-dir --no-deps --ignore-requires-python rapidocr-onnxruntime==1.4.4

FROM python:3.12.11-slim-bookworm
LABEL org.opencontainers.image.title="lgtsm" \
      org.opencontainers.image.description="Remove objects, logos and subtitles from videos" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/lgtsm /opt/lgtsm
# `docker run --user` may name a user that is not in here: HOME and USER stand for one, and anyone may write there.
RUN useradd --no-create-home --uid 1000 lgtsm && mkdir -m 1777 /home/anyone /videos
ENV PATH=/opt/lgtsm/bin:$PATH \
    HOME=/home/anyone \
    USER=lgtsm \
    PYTHONUNBUFFERED=1 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000
WORKDIR /videos
ENTRYPOINT ["lgtsm"]
CMD ["--help"]
