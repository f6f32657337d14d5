#!/bin/sh
# Install what the browser tests of the console need from Debian: Chromium, a Chinese font, and the library that
# Playwright's driver links to. Where it is missing and this user may not install it, say so: those tests then skip.
set -u
packages=""
command -v chromium >/dev/null 2>&1 || packages="chromium fonts-noto-cjk"
ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1' || /sbin/ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1' ||
    packages="$packages libatomic1"
[ -n "$packages" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing and not to be installed here: $packages; the browser tests will be skipped"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word a package
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends $packages; } >/dev/null 2>&1; then
    echo "$packages could not be installed: the browser tests will be skipped"
fi
