#!/bin/sh
# Install Debian's libzbar0, the second reader of barcodes. Where it is missing and this user may not install it, say so:
# barcodes are then read by zxing-cpp alone, and the tests of the second reader skip.
set -u
without="barcodes are read by zxing-cpp alone, and the tests of zbar will be skipped"
ldconfig -p 2>/dev/null | grep -q 'libzbar\.so\.0' || /sbin/ldconfig -p 2>/dev/null | grep -q 'libzbar\.so\.0' || package=libzbar0
[ -n "${package:-}" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing and not to be installed here: $package; $without"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$package"; } >/dev/null 2>&1; then
    echo "$package could not be installed: $without"
fi
