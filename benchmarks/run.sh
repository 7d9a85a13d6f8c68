#!/usr/bin/env bash
# Measures this library against the machine's limit and against PyTorch and scikit-learn of the distribution, in
# alternation, and writes benchmarks/results.md (with --quick out/benchmarks/results.md): bash benchmarks/run.sh [options]. Try --help. Let nothing else run.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
for argument in "$@"; do
  case "$argument" in --help | -h) exec python3 -B "$root/benchmarks/run.py" --help ;; esac
done

bash "$root/cmake/install_packages.sh" build example bench peers
log="$root/build/release/benchmarks-build.log"
mkdir -p "$(dirname "$log")"
{
  (cd "$root" && cmake --preset release) && cmake --build "$root/build/release" --target compare --parallel
} >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  echo "run.sh: the build failed; all of its output is in $log" >&2
  exit 1
}
exec python3 -B "$root/benchmarks/run.py" --compare "$root/build/release/benchmarks/compare" "$@"
