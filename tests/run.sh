#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs every test: bash tests/run.sh [--preset NAME]
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: bash tests/run.sh [--preset NAME]

Installs what is missing, builds a preset of CMakePresets.json, runs its tests, and says where the time went.

  --preset NAME   default (the compiler that is there), clang, asan or tsan; without it: default
  --help          this text

Set VADE_MNIST_DIR to a folder with the four MNIST files, and the tests on real images run, too. It takes all
processors; CMAKE_BUILD_PARALLEL_LEVEL sets another number.
Exit codes: 0 all passed; 1 a build or a test failed; 2 a wrong option; 3 a package is missing.
TEXT
}

preset=default
while [ $# -gt 0 ]; do
  case "$1" in
    --preset)
      [ $# -ge 2 ] || { echo "run.sh: --preset wants a name" >&2; exit 2; }
      preset="$2"
      shift 2
      ;;
    --preset=*) preset="${1#*=}"; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "run.sh: unknown option $1 (try --help)" >&2; exit 2 ;;
  esac
done

groups=(build test example)
case "$preset" in
  default | tsan) ;;
  clang | asan) groups+=(clang) ;;
  *) echo "run.sh: --preset $preset: wanted default, clang, asan or tsan" >&2; exit 2 ;;
esac

# A relative folder is meant from where the caller stands.
if [ -n "${VADE_MNIST_DIR:-}" ]; then VADE_MNIST_DIR="$(realpath -m "$VADE_MNIST_DIR")"; export VADE_MNIST_DIR; fi

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
bash cmake/install_packages.sh "${groups[@]}"

if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"; fi
jobs="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
SECONDS=0

fail() {
  echo "vade tests ($preset): $1 failed after $SECONDS s"
  exit 1
}

# Ninja appends a line to its log for each step: begin and end in milliseconds, a time stamp, the output.
steps="build/$preset/.ninja_log"
known=0

# The programs that took longest to compile, all units of each together, and the longest tests.
where_time_went() {
  echo "longest builds (all units of a program, by the clock of each):"
  tail -n +$((known + 1)) "$steps" | awk -F'\t' '
    !/^#/ && $4 ~ /CMakeFiles\/[^\/]*\.dir\/.*\.o$/ {
      name = $4; sub(/.*CMakeFiles\//, "", name); sub(/\.dir\/.*/, "", name)
      sub(/^.*_verify_interface_header_sets$/, "headers alone", name)
      seconds[name] += ($2 - $1) / 1000; units[name]++
    }
    END { for (name in seconds) printf "%7.0f s  %s (%d)\n", seconds[name], name, units[name] }
  ' | sort -rn | awk 'NR <= 8'
  echo "longest tests:"
  sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) .* ([0-9.]+) sec$/\2 \1/p' "$log" | sort -rn |
    awk 'NR <= 8 { printf "%7.1f s  %s\n", $1, $2 }'
}

cmake --preset "$preset" || fail "the configure step"
if [ -f "$steps" ]; then known="$(wc -l <"$steps")"; fi
cmake --build --preset "$preset" --parallel "$jobs" || fail "the build"
built=$SECONDS
log="build/$preset/tests.log"
result=0
ctest --preset "$preset" --parallel "$jobs" 2>&1 | tee "$log" || result=1

# ctest closes with "98% tests passed, 1 tests failed out of 61", and counts skipped tests as passed.
closing="$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" || true)"
[ -n "$closing" ] || fail "ctest"
total="${closing##* }"
failed="$(sed -E 's/.*passed, ([0-9]+) tests.*/\1/' <<<"$closing")"
skipped="$(grep -cE '\*\*\*Skipped' "$log" || true)"
where_time_went
echo "vade tests ($preset): built in $built s, run in $((SECONDS - built)) s"
echo "$preset: $((total - failed - skipped)) passed, $failed failed, $skipped skipped"
exit "$result"
