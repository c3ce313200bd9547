# docker build --target cpu -t latentsync .         networks on processors, about 4 GB
# docker build --target cuda -t latentsync:cuda .   networks on NVIDIA cards, some GB more
# No container engine has built it yet. All steps of the target cpu were run by hand in an empty Debian 12 (debootstrap, chroot, the
# variables below), and there `doctor` and a job; of the target cuda, `pip install --dry-run` found all packages (torch 2.13.0 with CUDA 13.0).
# docker run --rm -v "$PWD":/data latentsync lipsync face.mp4 speech.wav out.mp4
# docker run --rm --gpus all -v "$PWD":/data latentsync:cuda doctor
FROM python:3.11-slim AS base
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/latentsync
COPY . .
ENV PIP_NO_CACHE_DIR=1 LATENTSYNC_CACHE=/data/.latentsync LATENTSYNC_CHECKPOINTS=/data/checkpoints

# the cards themselves come with the driver of the host, all else with the wheels of PyTorch
FROM base AS cuda
RUN pip install -e .
WORKDIR /data
ENTRYPOINT ["latentsync"]

FROM base AS cpu
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu -e .
WORKDIR /data
ENTRYPOINT ["latentsync"]
