#!/usr/bin/env bash
# Checks ONNX Runtime on an NVIDIA card: outputs of Keras' models, fifty training steps of six networks against the engine, and times of steps.
# Without a card it says so and ends with 0. Arguments are those of the program: --provider cpu, --steps 2, --cases mlp, --batches 32.
#
# ONNXF_CUDA_CHECK names the folder of the program, artifacts/cuda-check by default: a copy of it runs by its run.sh on any Linux, without .NET.
# KERAS_PARITY_DIR names another folder of Keras' models.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${ONNXF_CUDA_CHECK:-artifacts/cuda-check}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Dev compiles as Release does, without analyzers; a folder of its own keeps natives of CUDA out of other builds.
dotnet publish tools/CudaCheck -c Dev -v quiet --artifacts-path artifacts/cuda-check-build --self-contained -r linux-x64 -o "$folder" \
  -p:OnnxRuntimePackage=Microsoft.ML.OnnxRuntime.Gpu.Linux -p:DebugType=none
mkdir -p "$folder/keras-parity"
cp -r "${KERAS_PARITY_DIR:-tests/Reference/keras-parity}/." "$folder/keras-parity"
echo "published to $folder: $(du -sh "$folder" | cut -f1)"
"$folder/run.sh" "$@"
