#!/usr/bin/env bash
# The inner loop: builds without analyzers and documentation, then runs the tests whose names contain the argument: `tools/dev.sh Training.Engine`. CI builds strictly.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests -c Release -p:RunAnalyzers=false -p:GenerateDocumentationFile=false -p:EnforceCodeStyleInBuild=false -v quiet --nologo
[ $# -eq 0 ] || dotnet test tests -c Release --no-build --nologo --filter "FullyQualifiedName~${1:-OnnxFunctional}"
