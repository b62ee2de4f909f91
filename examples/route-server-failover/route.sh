#!/bin/sh
# /etc/keepalived/route.sh: the daemon runs it at each change of state, with TYPE NAME STATE
# PRIORITY. Writes down what this node has to announce; announce-route.sh does it.
set -eu

directory=/run/route-failover
state=${3:?usage: route.sh TYPE NAME STATE PRIORITY}

case $state in
MASTER) route="master $(date +%s%1N)" ;; # tenths of a second
BACKUP) route=standby ;;
*) route=none ;; # FAULT, STOP
esac

umask 022
mkdir -p "$directory"
# Never half a line for the reader.
printf '%s\n' "$route" >"$directory/route.new"
mv "$directory/route.new" "$directory/route"
