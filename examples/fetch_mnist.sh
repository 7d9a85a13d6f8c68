#!/usr/bin/env bash
# Downloads the four files of MNIST into a folder: bash examples/fetch_mnist.sh DIR
# All four are put there when each has been compared with the pinned sum of its decompressed bytes, or none is.
# VADE_MNIST_URL, where set, replaces the list of mirrors: the address before "/train-images-idx3-ubyte.gz".
set -euo pipefail

mirrors=(
  https://storage.googleapis.com/cvdf-datasets/mnist
  https://ossci-datasets.s3.amazonaws.com/mnist
  http://yann.lecun.com/exdb/mnist
)

# SHA-256 of the decompressed originals; packed anew by whomever, they are the same.
sums=(
  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte"
  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte"
  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte"
  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte"
)

say() { echo "fetch_mnist.sh: $*" >&2; }

if [ $# -ne 1 ]; then
  say "wanted one folder: bash examples/fetch_mnist.sh DIR"
  exit 2
fi
folder="$1"

if [ -n "${VADE_MNIST_URL:-}" ]; then mirrors=("${VADE_MNIST_URL%/}"); fi

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# One file, with short time-outs: 10 s to connect, and an end to a transfer that stalls.
download() {
  local url="$1" file="$2"
  if command -v curl >/dev/null; then
    curl --fail --silent --location --connect-timeout 10 --speed-limit 1000 --speed-time 20 --max-filesize 50000000 \
      --output "$file" "$url"
  elif command -v wget >/dev/null; then
    wget --quiet --tries=1 --connect-timeout=10 --read-timeout=20 --output-document="$file" "$url"
  elif command -v python3 >/dev/null; then
    python3 - "$url" "$file" <<'PYTHON'
import shutil, sys, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=10) as answer, open(sys.argv[2], "wb") as file:
        shutil.copyfileobj(answer, file)
except OSError:
    sys.exit(1)
PYTHON
  else
    say "wanted curl, wget or python3 to download with"
    exit 1
  fi
}

# Why the last mirror failed, for the one line that is said in the end.
reason=""

fetch_all() {
  local mirror="$1" entry sum name got
  for entry in "${sums[@]}"; do
    read -r sum name <<<"$entry"
    if ! download "$mirror/$name.gz" "$work/$name.gz"; then
      reason="$mirror/$name.gz cannot be downloaded"
      return 1
    fi
    if ! got="$(gzip -dc "$work/$name.gz" 2>/dev/null | sha256)"; then
      reason="$mirror/$name.gz is not a whole gzip file"
      return 1
    fi
    if [ "$got" != "$sum" ]; then
      reason="$mirror/$name.gz holds other bytes: SHA-256 got $got, wanted $sum"
      return 1
    fi
  done
}

# What this run makes and does not finish, it takes away again: the temporary folder, and those above it that are new.
new_folders=()
work=""
clean() {
  [ -z "$work" ] || rm -rf "$work"
  local made
  for made in ${new_folders[@]+"${new_folders[@]}"}; do rmdir "$made" 2>/dev/null || true; done
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

parent="$folder"
while [ ! -e "$parent" ]; do
  new_folders+=("$parent")
  parent="$(dirname "$parent")"
done
mkdir -p "$folder" || exit 1
work="$(mktemp -d "$folder/.fetch-XXXXXX")" || exit 1

for mirror in "${mirrors[@]}"; do
  say "downloading MNIST from $mirror"
  if fetch_all "$mirror"; then
    for entry in "${sums[@]}"; do
      read -r _ name <<<"$entry"
      mv "$work/$name.gz" "$folder/$name.gz"
    done
    say "four files, compared with the pinned sums, are in $folder"
    exit 0
  fi
done
say "no MNIST in $folder: $reason"
exit 1
