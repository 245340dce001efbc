#!/usr/bin/env bash
# Before a commit: what CI runs, then the kernel tests once for each narrower instruction set.
set -euo pipefail
cd "$(dirname "$0")/.."
bash .ci/run
for setting in DOTNET_EnableAVX512=0 DOTNET_EnableAVX2=0 DOTNET_EnableHWIntrinsic=0; do
  echo "kernel tests with $setting"
  env "$setting" dotnet test OnnxFunctional.sln -c Release --no-build --filter TestCategory=Kernels
done
git ls-files 'src/*.cs' 'tools/*.cs' | xargs wc -l | awk '$2 != "total" && $1 > 400 { print "over 400 lines:", $2, $1 }'
