#!/bin/sh
# Install Debian's FUSE, under which the fault runs put a file system whose power they can cut. Where it is missing and
# this user may not install it, say so: power cuts are then left out, and the tests of that file system skip.
set -u
without="no power is cut in the fault runs, and the tests of that file system will be skipped"
command -v fusermount3 >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing and not to be installed here: fuse3; $without"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends fuse3 libfuse3-3; } >/dev/null 2>&1; then
    echo "fuse3 could not be installed: $without"
fi
