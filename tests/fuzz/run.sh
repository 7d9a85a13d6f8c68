#!/usr/bin/env bash
# Fuzzes the readers with libFuzzer and the sanitizers: bash tests/fuzz/run.sh [--seconds N] [TARGET...]
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: bash tests/fuzz/run.sh [--seconds N] [TARGET...]
       bash tests/fuzz/run.sh --replay TARGET FILE...

Builds each target (a file tests/fuzz/TARGET.cpp; without names, all of them) with clang++ under libFuzzer and the address
and undefined behaviour sanitizers, and runs it. It starts from the seeds of the target, the files of tests/fuzz/found/TARGET,
and the corpus of runs before.

  --seconds N   for each target; without it: 60
  --replay      uses FILEs once, without libFuzzer, and says what the library answers. Any compiler will do: CXX
  --help        this text

Programs, corpora and findings are kept in build/fuzz. Copy a file that was found to tests/fuzz/found/TARGET: the test
fuzz/TARGET then replays it. Exit codes: 0 nothing was found; 1 something was found, or a build failed; 2 a wrong option.
TEXT
}

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="$root/build/fuzz"
seconds=60
replay=no
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds)
      [ $# -ge 2 ] && [[ "$2" =~ ^[0-9]+$ ]] || { echo "run.sh: --seconds takes a whole number" >&2; exit 2; }
      seconds="$2"
      shift 2
      ;;
    --replay) replay=yes; shift ;;
    --help | -h) usage; exit 0 ;;
    -*) echo "run.sh: unknown option $1 (try --help)" >&2; exit 2 ;;
    *) break ;;
  esac
done

known() {
  [ -f "$here/$1.cpp" ] || { echo "run.sh: there is no target $1" >&2; exit 2; }
}

eigen=/usr/include/eigen3
if command -v pkg-config >/dev/null && pkg-config --exists eigen3; then eigen="$(pkg-config --variable=includedir eigen3)/eigen3"; fi
[ -d "$eigen" ] || eigen=/usr/include/eigen3
flags=(-std=c++20 -g -I"$root/include" -isystem "$eigen" -DDOCTEST_CONFIG_DISABLE -D_GLIBCXX_ASSERTIONS)
launcher=()
if command -v ccache >/dev/null; then launcher=(ccache); fi

# build PROGRAM COMPILER FLAGS...: links "$out/$target/PROGRAM" of the target and programs/PROGRAM.cpp.
build() {
  local program="$1" unit
  shift
  mkdir -p "$out/$target"
  for unit in "$here/$target.cpp" "$here/programs/$program.cpp"; do
    "${launcher[@]}" "$@" "${flags[@]}" -c "$unit" -o "$out/$target/$program-$(basename "$unit" .cpp).o"
  done
  "$@" "$out/$target/$program-$target.o" "$out/$target/$program-$program.o" -o "$out/$target/$program" -lz -pthread
}

if [ "$replay" = yes ]; then
  [ $# -ge 2 ] || { echo "run.sh: --replay takes a target and files" >&2; exit 2; }
  target="$1"
  shift
  known "$target"
  build replay "${CXX:-c++}" -O1
  exec "$out/$target/replay" "$@"
fi

if [ $# -eq 0 ]; then
  for file in "$here"/*.cpp; do set -- "$@" "$(basename "$file" .cpp)"; done
fi
for target in "$@"; do known "$target"; done

found=0
for target in "$@"; do
  echo "== $target: $seconds s"
  build fuzzer clang++ -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
  mkdir -p "$out/$target/corpus" "$out/$target/findings"
  folders=("$out/$target/corpus")
  if [ -d "$here/found/$target" ]; then folders+=("$here/found/$target"); fi
  # One allocation above 512 MiB, more than 1 GiB in all, or an answer that takes 10 s is a finding, too.
  VADE_FUZZ_SEEDS="$out/$target/corpus" VADE_THREADS=1 "$out/$target/fuzzer" "${folders[@]}" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$out/$target/findings/" >"$out/$target/log" 2>&1 || found=1
  grep -E 'ERROR|SUMMARY|not a vade|Test unit written|stat::(number_of_executed_units|peak_rss_mb)' "$out/$target/log" || true
done
exit "$found"
