#!/usr/bin/env bash
# Installs what is missing of the named groups of cmake/packages.txt: bash cmake/install_packages.sh GROUP...
# Without root (or sudo) or without apt-get it says what to install, and ends with 3 if something is really missing.
set -euo pipefail

list="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/packages.txt"

if [ $# -eq 0 ]; then
  echo "install_packages.sh: wanted one or more groups of $list" >&2
  exit 2
fi

is_there() {
  local folder
  case "$1" in
    command:*) command -v "${1#command:}" >/dev/null ;;
    header:*)
      for folder in /usr/include /usr/local/include ${VADE_INCLUDE_DIRS:-}; do
        [ -e "$folder/${1#header:}" ] && return 0
      done
      return 1
      ;;
    file:*) compgen -G "${1#file:}" >/dev/null ;;
    *)
      echo "install_packages.sh: $list: unknown probe $1" >&2
      exit 2
      ;;
  esac
}

is_any_there() {
  local probe
  for probe in "$@"; do
    if is_there "$probe"; then return 0; fi
  done
  return 1
}

# Prints the packages of the groups of which no probe succeeds.
missing_of() {
  local wanted group package probes
  for wanted in "$@"; do
    grep -q "^$wanted " "$list" || {
      echo "install_packages.sh: no group $wanted in $list" >&2
      exit 2
    }
    while read -r group package probes; do
      if [ "$group" = "$wanted" ] && ! is_any_there $probes; then echo "$package"; fi
    done <"$list"
  done
}

hint() { echo "vade: headers that are elsewhere are found in the folders of VADE_INCLUDE_DIRS, blanks between them" >&2; }

missing="$(missing_of "$@")"
[ -n "$missing" ] || exit 0
missing="$(echo $missing)" # one line

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=(sudo)
  else
    as_root=(none)
  fi
fi

if ! command -v apt-get >/dev/null || [ "${as_root[*]-}" = none ]; then
  echo "vade: these packages are missing (names as in Debian 12): $missing" >&2
  echo "vade: install them, say with: sudo apt-get install $missing" >&2
  hint
  exit 3
fi

echo "vade: installing $missing" >&2
install_missing() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=120 $missing
}
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# A new machine has no package lists, and an old one stale ones: both show as a failed first try.
if ! install_missing >"$log" 2>&1 </dev/null; then
  "${as_root[@]}" apt-get update -q >>"$log" 2>&1 </dev/null || true
  install_missing >>"$log" 2>&1 </dev/null || true
fi

left="$(missing_of "$@")"
if [ -n "$left" ]; then
  tail -n 20 "$log" >&2
  echo "vade: could not be installed: $(echo $left)" >&2
  hint
  exit 3
fi
