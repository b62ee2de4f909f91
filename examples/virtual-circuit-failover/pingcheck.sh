#!/bin/sh
# Whether a host answers a ping, unless the operator has taken the circuit out of service.
# usage: pingcheck HOST MILLISECONDS TRACKFILE
number=$(cat "$3" 2>/dev/null)
[ "${number:-0}" -lt 0 ] && exit 1
exec fping -q -c 1 -t "$2" "$1"
