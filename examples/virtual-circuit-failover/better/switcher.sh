#!/bin/bash
# Moves the circuit of a connection to this node. It may be run at any time and as often as one
# likes: it looks at what is there and does what is missing, for both circuits at once. Anything else
# than success is an exit status, and the daemon runs it again (@evervip notify_retries).
# usage: switcher NODE CONNECTION
set -o pipefail
. /etc/virtual-circuit/provider.env
mine=vc-$2-$1
theirs=vc-$2-$([ "$1" = 01 ] && echo 02 || echo 01)
# The daemon ends this script after 120 s; the provider needs less, or never finishes.
last=$((SECONDS + 90))

api() {
    curl --silent --show-error --fail --max-time 5 --header "X-Auth-Token: $TOKEN" \
        --request "$1" "$API/virtual-circuits/$2" ${3:+--data "{\"vnid\":\"$4\"}"}
}

bring() { # CIRCUIT VLAN
    while [ "$SECONDS" -lt "$last" ]; do
        local now
        now=$(api GET "$1" | jq --raw-output '.status + " " + .vnid') || return 1
        case $now in
        "active $2") return ;;
        active*) api PUT "$1" vnid "" >/dev/null || return 1 ;;
        # Refused while the other circuit still has this VLAN: then a moment later.
        waiting*) api PUT "$1" vnid "$2" >/dev/null 2>&1 || sleep "$POLL" ;;
        *) sleep "$POLL" ;;
        esac
    done
    return 1
}

bring "$theirs" 2084 &
bring "$mine" 1529 &
# When one fails the other need not go on: it would wait for a VLAN that is never let go.
if wait -n && wait -n; then
    exit 0
fi
kill $(jobs -p) 2>/dev/null
exit 1
