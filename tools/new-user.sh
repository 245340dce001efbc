#!/usr/bin/env bash
# The path of a new user, in an empty folder with an empty cache of packages: packages, tool, starter project, training on a table, prediction, conversion,
# a trimmed program. Prints how long each step takes and how large its result is. Needs the registry of packages; two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 NUGET_PACKAGES="$work/packages" PATH="$work/tools:$PATH"

step() {
  local what=$1 start
  shift
  start=$(date +%s%N)
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log"
    echo "failed: $what" >&2
    exit 1
  fi
  printf '%-58s %6.1f s\n' "$what" "$(($(date +%s%N) - start))e-9"
}
size() { printf "  %-56s %6.0f kB\n" "$1" "$(du -sb "$2" | cut -f 1)e-3"; }

NUGET_PACKAGES= step "make the packages (not the user's work)" dotnet pack OnnxFunctional.sln -c Release -o "$work/feed" -p:RunAnalyzers=false
for package in "$work"/feed/*.nupkg; do size "$(basename "$package")" "$package"; done

mkdir "$work/empty" && cd "$work/empty"
step "dotnet tool install onnxf" dotnet tool install onnxf --tool-path "$work/tools" --add-source "$work/feed"
step "onnxf quickstart" onnxf quickstart --epochs 5

step "onnxf new" onnxf new hello --source "$work/feed"
step "the first build: packages are fetched" dotnet build hello -c Release
size "its output" hello/bin/Release/net10.0
step "dotnet run: trains, exports, verifies" dotnet run --no-build -c Release --project hello
test -s circle.onnx
size "circle.onnx" circle.onnx

step "onnxf train on a table" onnxf train mlp --data "$root/tools/Cli/Data/digits.csv.gz" --no-header --target 64 --epochs 10 --out table.onnx
step "onnxf evaluate" onnxf evaluate table.onnx --data "$root/tools/Cli/Data/digits.csv.gz" --no-header --target 64
step "onnxf predict" onnxf predict table.onnx --data "$root/tools/Cli/Data/digits.csv.gz" --no-header --out predictions.csv
test "$(wc -l <predictions.csv)" -eq 1798
step "onnxf convert to .keras" onnxf convert table.onnx table.keras
step "onnxf convert back" onnxf convert table.keras again.onnx
size "table.onnx" table.onnx

step "dotnet publish, trimmed" dotnet publish hello -c Release -r "$(dotnet --info | sed -n 's/^ RID: *//p')" -o trimmed -p:PublishTrimmed=true --self-contained
size "the trimmed program with .NET and ONNX Runtime" trimmed
step "the trimmed program" ./trimmed/hello
echo "all steps done"
