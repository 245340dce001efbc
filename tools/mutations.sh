#!/usr/bin/env bash
# Reads changed files with every reader; what crashes, hangs, or throws something undocumented is a finding.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
usage: tools/mutations.sh COUNT [SEED] [READER...]

Changes COUNT files for each reader (default: all readers), cuts or overwrites COUNT / 4 more, and reads them, in processes of their own, together with those of
tests/Reference/mutations. Prints counts and findings for each reader, and the most that one file made it allocate on the managed heap; the
files found, with as few changes as possible, are in mutations/SEED below the system's temporary folder. Fix what is found, then move its file to
tests/Reference/mutations/READER under a name that says what it holds: the tests read it from then on.

ONNXF_MUTATION_SEEDS names a folder of further .onnx files to change, for example ONNX's tests of its operators.
END
}

case "${1-}" in "" | -h | --help) usage; exit ;; esac
count=$1 seed=${2:-2}
shift $(($# < 2 ? $# : 2))
found="${TMPDIR:-/tmp}/mutations/$seed"
tools/dev.sh
exec nice -n 19 dotnet tests/bin/Dev/net10.0/OnnxFunctional.Tests.dll mutations "$count" "$seed" "$found" "$@"
