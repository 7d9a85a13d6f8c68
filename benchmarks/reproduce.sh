#!/usr/bin/env bash
# Trains many seeds of one setting and prints the table of all of them: bash benchmarks/reproduce.sh [options]
# Seeds that are done are kept in a results file, so that a run that was stopped goes on where it was. Try --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
command -v python3 >/dev/null || { echo "reproduce.sh: python3 is missing; install it" >&2; exit 3; }
exec python3 -B "$root/benchmarks/reproduce.py" "$@"
