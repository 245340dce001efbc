#!/usr/bin/env bash
# Digests of trainings and exported files: `tools/golden.sh before` at one revision, `tools/golden.sh after` at the next; the second call compares. A refactoring changes none.
set -euo pipefail
cd "$(dirname "$0")/.."
name="${1:?usage: tools/golden.sh before|after}"
folder="${ONNXF_GOLDEN:-${TMPDIR:-/tmp}/onnxf-golden}"
rm -rf "${folder:?}/$name"
mkdir -p "$folder/$name"
ONNXF_GOLDEN_DIR="$folder/$name" tools/dev.sh GoldenTests
if [ "$name" = after ]; then diff -r "$folder/before" "$folder/after" && echo "no byte differs"; fi
