#!/usr/bin/env bash
# Compiles tests/cross/driver.cpp for other platforms, runs it, and compares: bash tests/cross/run.sh [--help]
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: bash tests/cross/run.sh [--build DIR] [--no-install] [PLATFORM...]

Compiles one program that trains, saves, loads, resumes and reads files, for each platform, and runs it there: x86-64
Windows by wine, the others by qemu. Compiled without Eigen's vectors and without fused multiply-adds, all must print the
same checksums, those of the model file included. Installs what is missing; a platform of which the tools cannot be had is skipped.

  PLATFORM       native, plain, windows, arm64, s390x, armhf, i386; without any: all. "plain" is this machine without vector
                 types, as compilers do it that have none
  --build DIR    where to put programs and libraries; without it: build/cross
  --no-install   uses what is there
  --help         this text

It takes one compilation of a minute and 2 GB for each platform, one after the other.
Exit codes: 0 all that ran are equal; 1 something failed; 2 a wrong option; 77 nothing but this machine could be run.
TEXT
}

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
build="$root/build/cross"
install=yes
platforms=()
while [ $# -gt 0 ]; do
  case "$1" in
    --build)
      [ $# -ge 2 ] || { echo "cross/run.sh: --build needs a folder" >&2; exit 2; }
      build="$2"
      shift 2
      ;;
    --no-install) install=no; shift ;;
    --help | -h) usage; exit 0 ;;
    native | plain | windows | arm64 | s390x | armhf | i386) platforms+=("$1"); shift ;;
    *) echo "cross/run.sh: unknown option or platform $1 (try --help)" >&2; exit 2 ;;
  esac
done
[ ${#platforms[@]} -gt 0 ] || platforms=(native plain windows arm64 s390x armhf i386)
mkdir -p "$build/include"
build="$(cd "$build" && pwd)"

if [ "$install" = yes ]; then
  bash "$root/cmake/install_packages.sh" build cross || echo "cross: goes on with what is there" >&2
fi

# Headers that are the same for every platform, without those of this machine beside them.
folder_of() {
  local folder
  for folder in /usr/include/eigen3 /usr/include /usr/local/include ${VADE_INCLUDE_DIRS:-}; do
    if [ -e "$folder/$1" ]; then echo "$folder"; return 0; fi
  done
  echo "cross: found no $1" >&2
  return 1
}
eigen="$(folder_of Eigen/Core)"

# zlib for an architecture of Debian, unpacked into the build folder: the system gets no foreign packages. The lists of
# packages are asked for once.
zlib_for() {
  local architecture="$1" place="$build/zlib-$1" lists="$build/apt" options architectures
  [ ! -e "$place/usr/include/zlib.h" ] || return 0
  [ "$install" = yes ] && command -v apt-get dpkg-deb >/dev/null || return 1
  mkdir -p "$lists/lists/partial" "$lists/archives/partial"
  options=(-q -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists" -o APT::Sandbox::User=)
  for architectures in arm64 s390x armhf i386; do options+=(-o "APT::Architectures::=$architectures"); done
  if [ ! -e "$lists/updated" ]; then
    apt-get "${options[@]}" update >"$build/apt.log" 2>&1 || true # a mirror may lack some lists; the download tells
    touch "$lists/updated"
  fi
  (cd "$lists" && apt-get "${options[@]}" download "zlib1g-dev:$architecture" >>"$build/apt.log" 2>&1) || return 1
  dpkg-deb -x "$lists"/zlib1g-dev_*_"$architecture".deb "$place"
}

# compile PROGRAM COMPILER FLAGS...
# Eigen's vectors have an exponential function and orders of sums of their own on each processor, and fused multiply-adds
# round once: without both, every platform has the same arithmetic. What is optimised takes far longer to compile.
compile() {
  local program="$1" compiler=("${@:2}")
  "${compiler[@]}" -std=c++20 "$optimised" -ffp-contract=off -DEIGEN_DONT_VECTORIZE -Wall -Wextra -Wpedantic -Wno-psabi \
    -I "$root/include" -isystem "$build/include" -isystem "$eigen" "$root/tests/cross/driver.cpp" -o "$program" \
    "${linked[@]}" -lz -pthread
}

# Why a platform is skipped, or nothing.
lacks() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || [ -x "$command" ] || { echo "no $command"; return; }
  done
}

# qemu PLATFORM TRIPLE EMULATOR FLAGS...: compiles for a Debian architecture and runs by qemu; static, since no dynamic
# libraries of that architecture are here.
qemu() {
  local platform="$1" triple="$2" emulator="$3" flags=("${@:4}") why
  why="$(lacks "$triple-g++" "$emulator")"
  if [ -z "$why" ]; then zlib_for "$platform" || why="no zlib1g-dev:$platform"; fi
  if [ -n "$why" ]; then
    skip "$platform" "$why"
    return
  fi
  linked=(-static "-L$build/zlib-$platform/usr/lib/${triple/i686/i386}")
  flags+=(-isystem "$build/zlib-$platform/usr/include")
  compile "$build/driver-$platform" "$triple-g++" "${flags[@]}" && "$emulator" "$build/driver-$platform" "$build" >"$log"
}

skip() {
  echo "cross: $1 is skipped: $2"
  skipped=$((skipped + 1))
  was_skipped=yes
}

run() {
  linked=()
  optimised=-O0
  case "$1" in
    native) compile "$build/driver-native" g++ && "$build/driver-native" "$build" >"$log" ;;
    plain) compile "$build/driver-plain" g++ -DVADE_PLAIN_LANES && "$build/driver-plain" "$build" >"$log" ;;
    windows)
      local wine why
      wine="$(command -v wine64 || echo /usr/lib/wine/wine64)"
      why="$(lacks x86_64-w64-mingw32-g++-posix "$wine")"
      if [ -n "$why" ]; then
        skip windows "$why"
        return
      fi
      linked=(-static)
      optimised=-O1 # the names of all that is not inlined are too many for an object file of Windows
      compile "$build/driver-windows.exe" x86_64-w64-mingw32-g++-posix || return 1
      (cd "$build" && WINEPREFIX="$build/wine" WINEDEBUG=-all "$wine" driver-windows.exe . 2>"$build/wine.log") | tr -d '\r' >"$log"
      ;;
    arm64) qemu arm64 aarch64-linux-gnu qemu-aarch64 ;;
    s390x) qemu s390x s390x-linux-gnu qemu-s390x ;;
    armhf) qemu armhf arm-linux-gnueabihf qemu-arm ;;
    # The registers of the first 32-bit processors round to 64 bits of mantissa, those of SSE as every other machine.
    i386) qemu i386 i686-linux-gnu qemu-i386 -msse2 -mfpmath=sse ;;
  esac
}

reference=""
failed=0
skipped=0
passed=0
for platform in "${platforms[@]}"; do
  log="$build/$platform.log"
  was_skipped=no
  : >"$log"
  if run "$platform" && [ "$was_skipped" = no ] && [ "$(tail -n 1 "$log")" = passed ]; then
    if [ -z "$reference" ]; then
      reference="$log"
      sed 's/^/cross: /' "$log"
    fi
    if cmp -s "$reference" "$log"; then
      echo "cross: $platform: equal"
      passed=$((passed + 1))
    else
      echo "cross: $platform: differs from $(basename "$reference" .log):"
      diff "$reference" "$log" || true
      failed=$((failed + 1))
    fi
  elif [ "$was_skipped" = no ]; then
    echo "cross: $platform: FAILED"
    sed 's/^/  /' "$log"
    failed=$((failed + 1))
  fi
done
echo "cross: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 77
