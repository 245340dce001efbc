#!/usr/bin/env bash
# Exports a model of 2.5 GB with external data, verifies it, and measures the memory that this takes: at most 6 GB. Needs 6 GB of memory and 3 GB of disk.
set -euo pipefail
cd "$(dirname "$0")/.."
ONNXF_LARGE_EXPORT=1 dotnet test tests -c Dev --filter A_model_of_two_and_a_half_gigabytes_is_verified_within_six --logger "console;verbosity=detailed"
