# 0: removed for good, not replaced by another version.
if [ "$1" = 0 ]; then
    systemctl disable -q --now keepalived.service 2>/dev/null || true
fi
exit 0
