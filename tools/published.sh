#!/usr/bin/env bash
# Publishes a program trimmed and as native code (a linker is needed: clang or gcc), and runs both; about two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests -c Release -v quiet --nologo -clp:NoSummary
ONNXF_NATIVE=1 dotnet test tests/bin/Release/net10.0/OnnxFunctional.Tests.dll --nologo --settings tests/tests.runsettings \
  --filter FullyQualifiedName~PublishedProgramTests
