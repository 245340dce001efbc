#!/usr/bin/env bash
# Draws the pictures of docs/pictures.md. Those of networks in files that are not here stay as they are; the skipped tests say what they need.
set -euo pipefail
cd "$(dirname "$0")/.."
ONNXF_WRITE_PAGES=1 dotnet test -c Release --filter FullyQualifiedName~PagePictures
