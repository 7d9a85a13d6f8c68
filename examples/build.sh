#!/usr/bin/env bash
# Installs what the examples need and builds one of them: bash examples/build.sh NAME. Says little, unless it fails.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ $# -ne 1 ]; then
  echo "build.sh: wanted the name of one example: bash examples/build.sh NAME" >&2
  exit 2
fi
name="$1"
log="$root/build/release/$name-build.log"

bash "$root/cmake/install_packages.sh" build example

build() {
  # Benchmarks need one package more; who builds them by `cmake --preset release` has them from then on.
  if [ ! -f "$root/build/release/build.ninja" ]; then
    (cd "$root" && cmake --preset release -DVADE_BUILD_BENCHMARKS=OFF) || return
  fi
  cmake --build "$root/build/release" --target "$name" --parallel
}

mkdir -p "$(dirname "$log")"
[ -x "$root/build/release/examples/$name" ] || echo "$name.sh: building; this takes a minute or two, once" >&2
build >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  echo "$name.sh: the build failed; all of its output is in $log" >&2
  exit 1
}
