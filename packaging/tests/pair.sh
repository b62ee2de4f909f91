# Sourced in the guest: the other node of a pair, Debian's keepalived in a network namespace, and how long
# nobody has the address while the programs of this node are exchanged.

begin_pair() {
    ip netns add peer
    ip link set v1 netns peer
    ip -n peer addr add 192.0.2.2/24 dev v1
    ip -n peer link set lo up
    ip -n peer link set v1 up
    cat >/run/peer.conf <<'CONF'
vrrp_instance WEB {
    state BACKUP
    interface v1
    virtual_router_id 51
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.0.2.10/24
    }
}
CONF
    ip netns exec peer /usr/local/sbin/keepalived-of-peer -n -l -D -P -f /run/peer.conf -p /run/peer.pid \
        -r /run/peer-vrrp.pid >/run/peer.log 2>&1 &
    check "pair: the other node is BACKUP" grep -q 'Entering BACKUP STATE' /run/peer.log
    check "pair: this node has the address" settled
    # Appended to, since the files are emptied meanwhile.
    ip -ts monitor address >>/run/owner.here &
    here=$!
    ip -n peer -ts monitor address >>/run/owner.there &
    there=$!
    # Each is listening when it has told of an address that nobody asks for.
    check "pair: somebody looks on" looked_on
}

looked_on() {
    ip addr replace 192.0.2.99/32 dev lo
    ip addr del 192.0.2.99/32 dev lo
    ip -n peer addr replace 192.0.2.99/32 dev lo
    ip -n peer addr del 192.0.2.99/32 dev lo
    sleep 1
    grep -q 192.0.2.99 /run/owner.here && grep -q 192.0.2.99 /run/owner.there
}

# This node has the address, and it alone.
settled() {
    address 192.0.2.10 && ! ip -n peer -o addr | grep -q ' 192.0.2.10/'
}

# The longest time since the last question in which neither node had the address, in milliseconds: $gap.
note_gap() {
    gap=$({ sed 's/^/here /' /run/owner.here; sed 's/^/there /' /run/owner.there; } |
        grep ' 192\.0\.2\.10/' | sed 's/^\([a-z]*\) \[[^T]*T\([^]]*\)\]/\2 \1/' | sort | awk '
            BEGIN { held["here"] = 1 }
            {
                split($1, time, ":")
                now = time[1] * 3600 + time[2] * 60 + time[3]
                held[$2] = $3 != "Deleted"
                if (held["here"] + held["there"] == 0) lost = now
                else if (lost) {
                    if (now - lost > longest) longest = now - lost
                    lost = 0
                }
            }
            END { printf "%d\n", longest * 1000 }')
    : >/run/owner.here
    : >/run/owner.there
}

# no_longer_than MILLISECONDS: there was a time without owner, and not a longer one. A second is for the guest,
# which is many times slower than its host.
no_longer_than() {
    [ "$gap" -gt 0 ] && [ "$gap" -le $(($1 + 1000)) ]
}

end_pair() {
    kill $here $there "$(cat /run/peer.pid)"
    check "pair: the other node has ended" [ ! -e /run/peer.pid ]
    ip -n peer link set v1 netns 1
    ip netns del peer
    ip link set v1 up
}
