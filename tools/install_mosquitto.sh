#!/bin/sh
# Install Debian's mosquitto, the other broker. Its service is not started: a hub starts a broker of its own. Where it is
# missing and this user may not install it, say so: the tests over mosquitto then skip.
set -u
without="the tests over mosquitto will be skipped, and a hub with broker = \"mosquitto\" does not start"
PATH="$PATH:/usr/sbin:/sbin"
command -v mosquitto >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing and not to be installed here: mosquitto; $without"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# Debian asks this program before it starts a service; 101 is no. One that is there already has its own word.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends mosquitto; } >/dev/null 2>&1; then
    echo "mosquitto could not be installed: $without"
fi
