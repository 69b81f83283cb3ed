#!/bin/sh
# The browser lane needs Chromium: Debian's package, installed only where there is none.
set -eu
if command -v chromium >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Install Chromium (Debian: apt-get install chromium) for the browser lane." >&2
  exit 1
fi
# apt checks signatures as a user of its own, who must be able to write a file: not every
# container's /tmp allows that.
TMPDIR=$(mktemp -d) && export TMPDIR && chmod 1777 "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
apt() { apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"; }
apt update
DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends \
  chromium fonts-liberation fonts-noto-cjk fonts-noto-core >/dev/null
