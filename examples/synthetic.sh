#!/usr/bin/env bash
# The five synthetic experiments of document 004, from nothing: installs what is missing, builds, trains on data that it
# draws, and writes out/synthetic/. bash examples/synthetic.sh [--experiment NAME|all] [--posterior diagonal|full|both]
# [--quick] [options]; the options are those of the program that it builds: try --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
bash "$root/examples/build.sh" synthetic

# The program takes this process over, so that its exit code and Ctrl-C are its own.
exec "$root/build/release/examples/synthetic" "$@"
