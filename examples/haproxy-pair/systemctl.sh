#!/bin/sh
# Stands in for systemctl on a node of the demo, which has no systemd: says whether the
# HAProxy of this node runs. Nothing else is asked by chk_haproxy.sh.
[ "$*" = "is-active --quiet haproxy" ] || { echo "systemctl: only 'is-active --quiet haproxy' here" >&2; exit 1; }
read -r pid </run/haproxy.pid || exit 3
[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = haproxy ] || exit 3
