#!/usr/bin/env bash
# Runs the check from the folder this lies in, which may have been copied to a machine without .NET and without the sources.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# CUDA and cuDNN may be installed as packages of a Python, where the loader does not look.
find_libraries='
import glob, os, sys
print(":".join(sorted({lib for path in sys.path if path for lib in glob.glob(os.path.join(path, "nvidia", "*", "lib"))})))'
libraries=
for python in python3 python; do
  if command -v "$python" >/dev/null; then
    libraries=$("$python" -c "$find_libraries") || libraries=
    if [ -n "$libraries" ]; then break; fi
  fi
done

export LD_LIBRARY_PATH="$here${libraries:+:$libraries}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/cuda-check" "$@"
