#!/usr/bin/env bash
# The five synthetic experiments of document 004, from nothing: installs what is missing, builds, trains on data that it
# draws, and writes out/synthetic/. bash examples/synthetic.sh [--experiment NAME|all] [--posterior diagonal|full|both]
# [--quick] [options]; the options are those of the program that it builds: try --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
program="$root/build/release/examples/synthetic"

say() { echo "synthetic.sh: $*" >&2; }

bash "$root/cmake/install_packages.sh" build example

log="$root/build/release/synthetic-build.log"
build() {
  # Benchmarks need one package more; who builds them by `cmake --preset release` has them from then on.
  if [ ! -f "$root/build/release/build.ninja" ]; then
    (cd "$root" && cmake --preset release -DVADE_BUILD_BENCHMARKS=OFF) || return
  fi
  cmake --build "$root/build/release" --target synthetic --parallel
}
mkdir -p "$(dirname "$log")"
[ -x "$program" ] || say "building; this takes a minute or two, once"
build >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  say "the build failed; all of its output is in $log"
  exit 1
}

# The program takes this process over, so that its exit code and Ctrl-C are its own.
exec "$program" "$@"
