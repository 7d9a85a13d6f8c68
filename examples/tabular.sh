#!/usr/bin/env bash
# Rows of numbers in, clusters out, from nothing: installs what is missing, builds, and clusters a CSV file into
# out/tabular/. bash examples/tabular.sh --data table.csv --clusters 3 [options]; the options are those of the program
# that it builds: try --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
bash "$root/examples/build.sh" tabular

# The program takes this process over, so that its exit code and Ctrl-C are its own.
exec "$root/build/release/examples/tabular" "$@"
