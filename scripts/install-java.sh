#!/bin/sh
# The Spark lane needs Java 17 or newer: Debian's package, installed only where there is none.
set -eu
version() { "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1; }
for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java; do
  if command -v "$java" >/dev/null 2>&1 && [ "$(version "$java")" -ge 17 ]; then
    exit 0
  fi
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Install Java 17 (Debian: apt-get install openjdk-17-jre-headless) for the Spark lane." >&2
  exit 1
fi
# apt checks signatures as a user of its own, who must be able to write a file: not every
# container's /tmp allows that.
TMPDIR=$(mktemp -d) && export TMPDIR && chmod 1777 "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
apt() { apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"; }
apt update
DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends openjdk-17-jre-headless >/dev/null
