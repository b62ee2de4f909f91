#!/bin/sh
# Runs the static programs in a directory that has nothing else, as the image has it, in namespaces of their
# own. Usage: static.sh DIRECTORY-OF-THE-TARBALL WORKING-DIRECTORY
#
# Prints a line for each case and their sum; "SKIPPED: reason" where it cannot be done.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
from=$1
work=$2
title="static programs"
. "$here/debian.sh"
[ "$(id -u)" = 0 ] || skip "root is needed for a directory of their own"
for tool in chroot unshare ip; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done

if [ "${EVERVIP_NAMESPACES_OF_ITS_OWN:-}" != yes ]; then
    EVERVIP_NAMESPACES_OF_ITS_OWN=yes exec unshare --mount --net --pid --fork --kill-child \
        "$0" "$from" "$work"
fi

root=$work/scratch
rm -rf "$root"
mkdir -p "$root/usr/sbin" "$root/usr/bin" "$root/etc/keepalived" "$root/run" "$root/tmp" "$root/proc" "$root/sys"
cp "$from/sbin/keepalived" "$root/usr/sbin/"
cp "$from/bin/evervip" "$root/usr/bin/"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
ip link set v0 up
ip link set v1 up
cat >"$root/etc/keepalived/keepalived.conf" <<'CONF'
vrrp_instance WEB {
    interface v0
    virtual_router_id 51
    advert_int 0.1
    version 3
    virtual_ipaddress {
        192.0.2.10/24
    }
}
CONF

# within SECONDS COMMAND...: until it succeeds.
within() {
    left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "not in time: $*; $(tail -n 5 "$work/static.log")" && return 1; }
        sleep 0.1
    done
}
holds() { ip -o addr show dev v0 | grep -q ' 192.0.2.10/'; }
lacks() { ! holds; }
says_version() { chroot "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^evervip '; }

check "the daemon runs without any library" says_version
check "the tool runs without any library" chroot "$root" /usr/bin/evervip check /etc/keepalived/keepalived.conf
chroot "$root" /usr/sbin/keepalived --dont-fork --log-console --log-detail >"$work/static.log" 2>&1 &
daemon=$!
check "it takes the address" within 20 holds
check "its pid file is there" within 5 [ -s "$root/run/keepalived.pid" ]
kill -TERM $daemon
check "it gives the address back" within 20 lacks
wait $daemon && code=0 || code=$?
check "it ends well" [ $code = 0 ]
umount "$root/proc" "$root/sys"
rm -rf "$root"
the_end
