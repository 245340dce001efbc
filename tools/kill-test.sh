#!/usr/bin/env bash
# Kills a training 200 times (or as often as the first argument says) at random moments: every file left opens, and the last run ends with the bytes of one never killed.
set -euo pipefail
cd "$(dirname "$0")/.."
ONNXF_KILLS="${1:-200}" dotnet test tests -c Dev --filter Killed_at_random_moments --logger "console;verbosity=detailed"
