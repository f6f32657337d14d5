#!/bin/sh
# Install Debian's PostgreSQL server, the other store, without a cluster: the tests make one of their own. Where it is
# missing and this user may not install it, say so: the tests over PostgreSQL then skip.
set -u
without="the tests over PostgreSQL will be skipped, and a hub whose store it is needs a server elsewhere"
for server in /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$server" ] && exit 0
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing and not to be installed here: postgresql; $without"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
install() {
    apt-get -qq install -y --no-install-recommends "$1" >/dev/null 2>&1
}
# The common part comes first and brings the file that says whether the server's installation makes a cluster and starts it.
settings=/etc/postgresql-common/createcluster.conf
if ! { apt-get -qq update >/dev/null 2>&1 && install postgresql-common; }; then
    echo "postgresql could not be installed: $without"
    exit 0
fi
cp "$settings" "$settings.before"
# As it was, however this ends: whoever installs a server here later gets their cluster.
trap 'mv "$settings.before" "$settings"' EXIT
trap 'exit 1' HUP INT TERM
echo "create_main_cluster = false" >>"$settings"
if ! install postgresql; then
    echo "postgresql could not be installed: $without"
fi
