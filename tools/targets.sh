#!/usr/bin/env bash
# Writes all layers, all models with stored results of Keras, the networks of keras.applications and the pretrained files for every target, and compares each file
# with the engine in ONNX Runtime, graph optimizations off and on. The suite takes one target for each in turn.
set -euo pipefail
cd "$(dirname "$0")/.."
filter="FullyQualifiedName~EveryTarget|FullyQualifiedName~written_for_a_target"
ONNXF_ALL_TARGETS=1 dotnet test tests -c Dev --filter "$filter" --logger "console;verbosity=detailed"
