systemctl daemon-reload 2>/dev/null || true
if [ "$1" = 0 ]; then
    rmdir /var/lib/evervip 2>/dev/null || true
fi
exit 0
