#!/usr/bin/env bash
# Clusters tables without a known augmentation, several seeds each, and prints how VaDE does beside k-means and a Gaussian
# mixture on the same rows: bash benchmarks/tabular.sh [options]. Try --help.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# scikit-learn brings the 8x8 digits; without them the table has a row less.
bash "$root/cmake/install_packages.sh" sklearn || echo "tabular.sh: goes on without scikit-learn's 8x8 digits" >&2
bash "$root/examples/build.sh" tabular
exec python3 -B "$root/benchmarks/tabular.py" "$@"
