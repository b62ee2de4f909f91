#!/bin/sh
# Builds the container image with docker and runs it as the head of the Dockerfile says. The docker daemon is
# one of its own in namespaces of its own, so that the machine's network and containers are not touched.
# Usage: image.sh DIRECTORY-OF-THE-TARBALL WORKING-DIRECTORY
#
# Prints a line for each case and their sum; "SKIPPED: reason" where it cannot be done.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
from=$1
work=$2
title="the container image"
. "$here/debian.sh"
[ "$(id -u)" = 0 ] || skip "root is needed for a docker daemon"
for tool in dockerd docker containerd runc unshare ip; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done

if [ "${EVERVIP_NAMESPACES_OF_ITS_OWN:-}" != yes ]; then
    EVERVIP_NAMESPACES_OF_ITS_OWN=yes exec unshare --mount --net --pid --mount-proc --fork --kill-child \
        sh "$0" "$from" "$work"
fi

# within SECONDS COMMAND...: until it succeeds.
within() {
    left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "not in time: $*" && return 1; }
        sleep 0.1
    done
}
holds() { ip -o addr show dev v0 | grep -q " $1/"; }
lacks() { ! holds "$1"; }
# What the daemon has said so far.
said() { docker logs "$1" 2>&1; }
complains() { said "$1" | grep -iE 'error|cannot|unable|missing|denied'; }
has_no_complaint() { ! complains "$1"; }
configuration() { # ADDRESS
    cat >"$settings/keepalived.conf" <<CONF
vrrp_instance WEB {
    interface v0
    virtual_router_id 51
    advert_int 0.1
    version 3
    virtual_ipaddress {
        $1/24
    }
}
CONF
}
# Files of the image; docker itself puts some into each container.
has_only_ours() {
    docker create --name bare evervip >/dev/null
    answer=$(docker export bare | tar -t | grep -v '/$' |
        grep -vE '^(\.dockerenv|dev/console|etc/(hostname|hosts|resolv.conf|mtab))$' | sort | tr '\n' ' ')
    docker rm bare >/dev/null
    wanted="usr/bin/evervip usr/sbin/keepalived usr/share/doc/evervip/LICENSE-APACHE \
usr/share/doc/evervip/LICENSE-MIT usr/share/doc/evervip/THIRD-PARTY-NOTICES "
    [ "$answer" = "$wanted" ] || { echo "$answer" && false; }
}
ended_well() { [ "$(docker inspect -f '{{.State.ExitCode}}' "$1")" = 0 ]; }

mount -t tmpfs tmpfs /run
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
ip link set v0 up
ip link set v1 up
data=$work/docker
settings=$work/docker-settings
rm -rf "$data" "$settings"
mkdir -p "$data" "$settings"
export DOCKER_HOST=unix:///run/docker-of-test.sock
dockerd --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none --data-root="$data" \
    --exec-root=/run/docker-of-test --pidfile=/run/docker-of-test.pid -H "$DOCKER_HOST" \
    >"$work/dockerd.log" 2>&1 &
dockerd=$!
within 60 docker info || skip "no docker daemon can be started here: $(tail -n 1 "$work/dockerd.log")"

check "docker builds it" docker build --quiet --tag evervip --file "$here/../Dockerfile" \
    --build-arg DIRECTORY="$(basename "$from")" "$(dirname "$from")"
check "nothing else is in it" has_only_ours

configuration 192.0.2.10
check "it starts" docker run --detach --name first --network=host --cap-add=NET_ADMIN --cap-add=NET_RAW \
    --volume "$settings:/etc/keepalived:ro" evervip
check "it takes the address" within 30 holds 192.0.2.10
check "the tool is in it" docker exec first /usr/bin/evervip check /etc/keepalived/keepalived.conf
check "no line is a complaint" has_no_complaint first
configuration 192.0.2.11
check "SIGHUP is sent" docker kill --signal=HUP first
check "SIGHUP reloads it" within 30 holds 192.0.2.11
check "docker stop" docker stop --time=30 first
check "docker stop ends it well" ended_well first
check "it gives the address back" within 5 lacks 192.0.2.11
check "docker start" docker start first
check "it takes the address again" within 30 holds 192.0.2.11
check "docker kill" docker kill first
check "started after SIGKILL" docker start first
check "it goes on after SIGKILL" within 30 sh -c '[ "$(docker logs first 2>&1 | grep -c "Entering MASTER STATE")" = 3 ]'
check "it is removed" docker rm --force first
ip addr flush dev v0 to 192.0.2.11/32

check "it starts with a file system that is read-only and no other capability" docker run --detach \
    --name second --network=host --read-only --tmpfs /run --tmpfs /tmp --cap-drop=ALL --cap-add=NET_ADMIN \
    --cap-add=NET_RAW --volume "$settings:/etc/keepalived:ro" evervip
check "read-only: it takes the address" within 30 holds 192.0.2.11
check "read-only: no line is a complaint" has_no_complaint second
check "read-only: docker stop" docker stop --time=30 second
check "read-only: docker stop ends it well" ended_well second
check "read-only: it is removed" docker rm second

kill $dockerd
wait $dockerd 2>/dev/null || true
# Where the control groups are the machine's.
find /sys/fs/cgroup -depth -type d -name docker -exec rmdir {} \; 2>/dev/null || true
rm -rf "$data" "$settings"
the_end
