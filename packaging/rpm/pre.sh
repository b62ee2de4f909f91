# Runs before the files are there. When keepalived goes in the same transaction, its scripts come after ours
# and stop and disable the unit: what was is written down here, and made so again at the end (posttrans.sh).
state=/var/lib/evervip
mkdir -p $state
for question in is-enabled is-active; do
    rm -f $state/$question
    if systemctl -q $question keepalived.service 2>/dev/null; then
        touch $state/$question
    fi
done
exit 0
