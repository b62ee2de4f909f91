#!/bin/sh
# /etc/keepalived/check-web.sh: whether the web server of this node answers under the address
# that is announced. The address is on this node, so the question never leaves it.
set -eu
exec curl --silent --fail --output /dev/null --max-time 0.8 http://10.1.0.5/
