#!/usr/bin/env bash
# The inner loop: builds what changed without analyzers and documentation, then runs the tests of some areas.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'END'
usage: tools/dev.sh [AREA...]

Builds the library, the command line and the tests in the configuration Dev: code as in Release, but no analyzers, no documentation, no check of
line lengths. Its outputs are in folders of their own (bin/Dev, obj/Dev), so it and the strict Release build do not rebuild each other's.

  tools/dev.sh                     build only
  tools/dev.sh Training.Engine     build, then run the tests whose full names contain Training.Engine
  tools/dev.sh Gemm Winograd       the same for several areas
  tools/dev.sh ""                  all tests

Before a commit: tools/check.sh.
END
}

case "${1-}" in -h | --help) usage; exit ;; esac

# Packages are restored again only after a change of a file that names them.
stamp=tests/obj/dev.restored
restored=yes
while IFS= read -r file; do
  [ "$stamp" -nt "$file" ] || restored=
done < <(git ls-files -- '*.csproj' 'Directory.*' '*/Directory.*' global.json)
dotnet build tests -c Dev ${restored:+--no-restore} -v quiet --nologo -clp:NoSummary
touch "$stamp"
[ $# -gt 0 ] || exit 0

filter=
for area in "$@"; do filter="$filter|FullyQualifiedName~${area:-OnnxFunctional}"; done
dotnet test tests/bin/Dev/net10.0/OnnxFunctional.Tests.dll --nologo --settings tests/tests.runsettings --filter "${filter:1}"
