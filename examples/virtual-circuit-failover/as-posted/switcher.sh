#!/bin/bash
# Moves the circuit of a connection from node 01 to node 02: one step after another, once, and then
# takes this node out of service, so that nothing is ever moved back by itself.
# usage: switcher CONNECTION
. /etc/virtual-circuit/provider.env
track=/run/virtual-circuit/circuit-$1.track
theirs=vc-$1-01
mine=vc-$1-02

api() {
    curl --silent --show-error --fail --max-time 10 --header "X-Auth-Token: $TOKEN" \
        --request "$1" "$API/$2" ${3:+--data "{\"vnid\":\"$4\"}"}
}

status() {
    api GET "virtual-circuits/$1" | jq --raw-output .status
}

wait_for() { # CIRCUIT STATUS TIMES
    for ((i = 0; i < $3; i++)); do
        [[ "$(status "$1")" =~ ^($2)$ ]] && return
        sleep "$POLL"
    done
    return 1
}

[ "$(api GET ports/port-02 | jq --raw-output .status)" = active ] || exit 1
if [ ! -e /run/virtual-circuit/armed ]; then
    echo -500 >"$track"
    exit 1
fi
api PUT "virtual-circuits/$theirs" vnid "" >/dev/null || exit 1
api PUT "virtual-circuits/$mine" vnid "" >/dev/null || exit 1
wait_for "$theirs" waiting_on_customer_vlan 40 || exit 1
wait_for "$mine" waiting_on_customer_vlan 15 || exit 1
api PUT "virtual-circuits/$mine" vnid 1529 >/dev/null || exit 1
api PUT "virtual-circuits/$theirs" vnid 2084 >/dev/null || exit 1
wait_for "$mine" "active|activating" 15
wait_for "$theirs" "active|activating" 15
echo -500 >"$track"
