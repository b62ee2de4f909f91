#!/bin/bash
# /etc/exabgp/announce-route.sh: ExaBGP runs it. What it prints are commands to ExaBGP, what it
# reads are ExaBGP's answers. It announces what route.sh has written down, also after a restart
# of ExaBGP.
#
#   master TIME  AS path of one or two, MED the lower the later this node became MASTER; TIME is
#                in tenths of a second
#   standby      AS path of three and the worst MED: used when there is no other
#   none         nothing
#
# So of two nodes that both take themselves for MASTER the one promoted last gets the traffic,
# whatever a node that was frozen says when it wakes up. Clocks must agree (NTP). For route
# servers that look at the AS path alone the path is shorter by one while a route of a dead
# node can still be there, which is the hold time of 30 s.
set -eu

route=10.1.0.5/32
as=65010
fresh=600
file=${1:-/run/route-failover/route}
worst_med=4294967295
epoch=17356896000 # 2025-01-01; MED is good for 13 years of tenths
said=

# What ExaBGP is to be told now.
wanted() {
    local state=none since=0 now med path=$as
    [ ! -r "$file" ] || read -r state since <"$file" || state=none
    case $state in
    master)
        [[ $since =~ ^[0-9]{11}$ ]] || since=$epoch
        now=${EPOCHREALTIME//[.,]/}
        [ $((now / 100000 - since)) -lt "$fresh" ] || path="$as $as"
        med=$((worst_med - since + epoch))
        # A clock that is far off.
        [ "$med" -lt "$worst_med" ] || med=$((worst_med - 1))
        [ "$med" -ge 0 ] || med=0
        command="announce route $route next-hop self as-path [ $path ] med $med"
        ;;
    standby)
        command="announce route $route next-hop self as-path [ $as $as $as ] med $worst_med"
        ;;
    *)
        command="withdraw route $route next-hop self"
        ;;
    esac
}

while :; do
    wanted
    if [ "$command" != "$said" ]; then
        printf '%s\n' "$command"
        said=$command
    fi
    # Ten looks per second, between them whatever ExaBGP has to say.
    status=0
    read -r -t 0.1 answer || status=$?
    if [ "$status" -gt 128 ]; then
        continue # nothing
    elif [ "$status" -ne 0 ]; then
        exit 0 # ExaBGP is gone
    fi
    case $answer in
    error*)
        echo "announce-route: ExaBGP refuses: $said" >&2
        said=
        sleep 1
        ;;
    esac
done
