#!/bin/sh
# /etc/keepalived/check-bgp.sh: whether ExaBGP has a connection to at least one route server.
set -eu
sessions=$(ss --no-header --tcp --numeric state established 'dport = :179')
[ -n "$sessions" ]
