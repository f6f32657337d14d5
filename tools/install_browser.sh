#!/bin/sh
# Install Debian's Chromium for the tests of the console, if it is missing and this user may; say so if not.
set -u
if command -v chromium >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "chromium is not installed and cannot be installed here: the browser tests will be skipped"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1; then
    echo "chromium could not be installed: the browser tests will be skipped"
fi
