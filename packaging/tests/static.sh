#!/bin/sh
# Runs the static programs in a directory that has nothing else, laid out as the Dockerfile lays out the image
# and started as docker starts that, in namespaces of their own. Usage: static.sh DIRECTORY-OF-THE-TARBALL WORKING-DIRECTORY
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
for tool in chroot unshare setpriv ip; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done

if [ "${EVERVIP_NAMESPACES_OF_ITS_OWN:-}" != yes ]; then
    EVERVIP_NAMESPACES_OF_ITS_OWN=yes exec unshare --mount --net --pid --mount-proc --fork --kill-child \
        "$0" "$from" "$work"
fi

# What docker leaves to a container, and what the Dockerfile says to add.
capabilities=-all
for capability in chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot \
    mknod audit_write setfcap net_admin; do
    capabilities=$capabilities,+$capability
done

# The words of a list as in ["a", "b"]; none has a blank.
words() { echo "$1" | tr -d '[]",'; }

# The image as its Dockerfile makes it, and how it is started: $command.
make_image() {
    while read -r instruction rest; do
        case $instruction in
        '' | '#'* | FROM | ARG) ;;
        WORKDIR) mkdir -p "$root$rest" ;;
        COPY)
            to=$root${rest##* }
            case $to in */) mkdir -p "$to" ;; *) mkdir -p "$(dirname "$to")" ;; esac
            for file in ${rest% *}; do
                cp "$from/${file#'${DIRECTORY}/'}" "$to"
            done
            ;;
        ENTRYPOINT) command=$(words "$rest") ;;
        CMD) command="$command $(words "$rest")" ;;
        *) echo "$instruction is not known here" && return 1 ;;
        esac
    done <"$here/../Dockerfile"
}

root=$work/scratch
rm -rf "$root"
mkdir -p "$root"
make_image && ok "the Dockerfile finds what it copies" || fail "the Dockerfile" "cannot be followed"
# A container has these, and the configuration is mounted.
mkdir -p "$root/etc/keepalived" "$root/proc" "$root/sys"
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
lacks_all() { ! ip -o addr show dev v0 | grep -qE ' 192.0.2.1[01]/'; }
says_version() { chroot "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^evervip '; }

cat >"$work/container.sh" <<CONTAINER
mount -t proc proc "$root/proc"
exec setpriv --bounding-set=$capabilities chroot "$root" $command
CONTAINER

check "the daemon runs without any library" says_version
check "the tool runs without any library" chroot "$root" /usr/bin/evervip check /etc/keepalived/keepalived.conf
# As in a container it is the first process.
unshare --pid --fork sh "$work/container.sh" >"$work/static.log" 2>&1 &
shell=$!
check "it takes the address" within 20 holds
check "its pid file is there" within 5 [ -s "$root/run/keepalived.pid" ]
daemon=$(pgrep -P $shell)
check "it is the first process" [ "$(cat "$root/run/keepalived.pid")" = 1 ]
check "no line is a complaint" [ "$(grep -ciE 'error|cannot|unable|missing|denied' "$work/static.log")" = 0 ]
sed -i 's/192.0.2.10/192.0.2.11/' "$root/etc/keepalived/keepalived.conf"
kill -HUP "$daemon"
check "SIGHUP reloads it" within 20 lacks
kill -TERM "$daemon"
wait $shell && code=0 || code=$?
check "SIGTERM ends it, and it ends well" [ $code = 0 ]
check "it gives the address back" within 5 lacks_all
check "its pid file is gone" [ ! -e "$root/run/keepalived.pid" ]
umount "$root/proc" "$root/sys"
rm -rf "$root"
the_end
