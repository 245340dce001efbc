#!/usr/bin/env bash
# Builds the packages of HEAD in two folders, at two times, and compares their bytes. The bytes are those of one SDK: another compiler writes others.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

for folder in one another/and/deeper; do
  git clone -q . "$work/$folder"
  # Analyzers change no output, and take most of the time.
  dotnet pack "$work/$folder/OnnxFunctional.sln" -c Release -v quiet -p:RunAnalyzers=false -o "$work/packages/$folder"
  (cd "$work/packages/$folder" && sha256sum -- *.nupkg *.snupkg) >"$work/${folder//\//-}.sums"
  sleep 2 # Times in zip files have a resolution of two seconds.
done

cat "$work/one.sums"
if ! diff "$work/one.sums" "$work/another-and-deeper.sums"; then
  echo "the packages differ between the two folders" >&2
  exit 1
fi
echo "the same bytes in both folders"
