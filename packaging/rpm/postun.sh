systemctl daemon-reload 2>/dev/null || true
if [ "$1" = 0 ]; then
    # The package lists files, no directories.
    for directory in /var/lib/evervip /usr/share/doc/evervip /usr/share/licenses/evervip; do
        find $directory -type d -empty -delete 2>/dev/null || true
    done
fi
exit 0
