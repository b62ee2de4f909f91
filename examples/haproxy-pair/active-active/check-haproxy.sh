#!/bin/bash
# Asks HAProxy for a page as a client would. Exit status 0: it answered with 200, in time.
# The limit is shorter than the `timeout` of the vrrp_script: the verdict is this script's own.
exec timeout 0.8 bash -c '
    exec 3<>/dev/tcp/127.0.0.1/80 || exit 1
    printf "GET / HTTP/1.0\r\n\r\n" >&3
    read -r _ status _ <&3
    [ "$status" = 200 ]
' 2>/dev/null
