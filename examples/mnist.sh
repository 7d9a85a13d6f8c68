#!/usr/bin/env bash
# From nothing to clusters of digits: installs what is missing, builds, finds data, trains, and writes out/mnist/.
# bash examples/mnist.sh [options]; the options are those of the program that it builds: try --help.
# VADE_MNIST_ONLY, where set, forbids Fashion-MNIST in place of MNIST that cannot be had.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
program="$root/build/release/examples/mnist"

say() { echo "mnist.sh: $*" >&2; }

bash "$root/examples/build.sh" mnist

# ---- Data: the first that is found wins -----------------------------------------------------------------------------

for argument in "$@"; do
  case "$argument" in
    --data | --data=* | --help | -h) exec "$program" "$@" ;;
  esac
done

# The four files as the program finds them: train-images-idx3-ubyte or train-images.idx3-ubyte, with or without .gz ...
has_data() {
  local name file found
  for name in {train,t10k}-{images:idx3,labels:idx1}; do
    found=
    for file in "$1/${name%:*}"{-,.}"${name#*:}-ubyte"{,.gz}; do [ ! -f "$file" ] || found=yes; done
    [ -n "$found" ] || return 1
  done
}

# Options are read before data: the program ends with 2 where they are wrong, whatever the data are.
has_wrong_options() {
  local said status=0
  said="$("$program" --data / "$@" 2>&1 >/dev/null)" || status=$?
  [ "$status" -eq 2 ] && echo "$said" >&2
}

fetch() {
  bash "$root/cmake/install_packages.sh" download && bash "$root/examples/fetch_mnist.sh" "$root/data/mnist"
}

fashion=/usr/share/datasets/fashion-mnist
if [ -n "${VADE_MNIST_DIR:-}" ]; then
  data="$VADE_MNIST_DIR" # named on purpose: if something is missing there, the program says what
elif has_data "$root/data/mnist"; then
  data="$root/data/mnist"
elif has_wrong_options "$@"; then
  exit 2
elif fetch; then
  data="$root/data/mnist"
elif [ -n "${VADE_MNIST_ONLY:-}" ]; then
  say "no MNIST: name a folder with the four files by --data DIR or VADE_MNIST_DIR"
  exit 1
elif has_data "$fashion" || bash "$root/cmake/install_packages.sh" fashion; then
  say "no MNIST: using Fashion-MNIST, ten kinds of clothing instead of digits, from $fashion"
  data="$fashion"
else
  say "no data: name a folder with the four MNIST files by --data DIR or VADE_MNIST_DIR"
  exit 1
fi

# The program takes this process over, so that its exit code and Ctrl-C are its own.
exec "$program" --data "$data" "$@"
