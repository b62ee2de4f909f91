# Tests that run inside the guest: what needs VLAN interfaces, VRF, ipvlan, dummy or netem.
# A line for each case: "ok NAME", "FAILED NAME: reason" or "skipped NAME: reason".

ip=/usr/sbin/ip
tc=/usr/sbin/tc
ours=/usr/sbin/evervip-keepalived
theirs=/usr/sbin/keepalived
# Patience for one condition, in fifths of a second: the guest is many times slower than its host.
patience=100

# wait_for CONDITION...: until it holds; false when patience ends.
wait_for() {
    left=$patience
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.2
    done
}

says() { grep -q "$2" "$work/$1.log"; }
holds() { $ip -n "$name-$1" -o addr show | grep -q " $2/"; }
lacks() { ! holds "$1" "$2"; }

# fail REASON: ends the case.
fail() {
    echo "FAILED $name: $1"
    for node in a b; do
        sed "s/^/    $node: /" "$work/$node.log" | tail -n 15
    done
    tidy
    exit 1
}

tidy() {
    for node in a b; do
        [ -e "$work/$node.pid" ] && kill -9 "$(cat "$work/$node.pid")" 2>/dev/null
        for pid in $($ip netns pids "$name-$node" 2>/dev/null); do
            kill -9 "$pid" 2>/dev/null
        done
        $ip netns del "$name-$node" 2>/dev/null
    done
}

# start NODE PROGRAM: with the configuration that is there.
start() {
    $ip netns exec "$name-$1" "$2" -n -l -D -P -f "$work/$1.conf" \
        -p "$work/$1.pid" -r "$work/$1.vrrp.pid" >"$work/$1.log" 2>&1 &
}

# instance NODE INTERFACE PRIORITY EXTRA ADDRESS
instance() {
    cat >"$work/$1.conf" <<CONF
vrrp_instance I {
    interface $2
    virtual_router_id 51
    priority $3
    $4
    virtual_ipaddress {
        $5
    }
}
CONF
}

# Two namespaces joined by a cable.
nodes() {
    mkdir -p "$work"
    $ip netns add "$name-a" && $ip netns add "$name-b" || fail "no namespaces"
    $ip -n "$name-a" link add e0 type veth peer name e0 netns "$name-b"
    for node in a b; do
        $ip -n "$name-$node" link set lo up
        $ip -n "$name-$node" link set e0 up
    done
}

address_of() { [ "$1" = a ] && echo 10.0.0.1 || echo 10.0.0.2; }

# What each kind of network needs on a node; prints nothing. The interface of the instance is $dev.
prepare() {
    node=$1
    case $kind in
    vlan*)
        dev=e0.10
        $ip -n "$name-$node" link add link e0 name $dev type vlan id 10 &&
            $ip -n "$name-$node" link set $dev up
        ;;
    vrf*)
        dev=e0
        $ip -n "$name-$node" link add red type vrf table 10 &&
            $ip -n "$name-$node" link set red up &&
            $ip -n "$name-$node" link set e0 master red
        ;;
    dummy)
        dev=e0
        $ip -n "$name-$node" link add d0 type dummy && $ip -n "$name-$node" link set d0 up
        ;;
    *) dev=e0 ;;
    esac || return 1
    $ip -n "$name-$node" addr add "$(address_of "$node")/24" dev $dev
}

# election KIND A B: the first node is MASTER, dies, and the second takes over.
election() {
    kind=$1
    name=$1-$2-$3
    work=/tmp/$name
    nodes
    extra=
    vip=10.0.0.100
    case $kind in
    *-vmac) extra=use_vmac ;;
    dummy) vip="10.0.0.100 dev d0" ;;
    esac
    for node in a b; do
        prepare $node || fail "no $kind here"
        case $kind in
        ipvlan) extra="use_ipvlan 10.0.0.1$( [ $node = a ] && echo 1 || echo 2 )/24" ;;
        esac
        [ $node = a ] && priority=200 || priority=100
        instance $node $dev $priority "$extra" "$vip"
    done
    eval "start a \$$2; start b \$$3"
    wait_for says a "Entering MASTER STATE" || fail "a is not MASTER"
    wait_for holds a 10.0.0.100 || fail "a lacks the address"
    # In a guest this slow the second may have been the first to be ready.
    wait_for lacks b 10.0.0.100 || fail "both have the address"
    look
    for pid in $($ip netns pids "$name-a"); do kill -9 "$pid" 2>/dev/null; done
    wait_for holds b 10.0.0.100 || fail "b does not take over"
    kill "$(cat "$work/b.pid")"
    wait_for lacks b 10.0.0.100 || fail "b keeps the address"
    wait_for left_nothing || fail "b leaves its interface behind"
    tidy
    echo "ok $name"
}

left_nothing() { ! $ip -n "$name-b" link show | grep -q 'vrrp\.51'; }

# What a MASTER's host looks like.
look() {
    case $kind in
    *-vmac)
        $ip -n "$name-a" -d link show vrrp.51 | grep -q "macvlan mode private" ||
            fail "no virtual MAC"
        $ip -n "$name-a" -o addr show dev vrrp.51 | grep -q 10.0.0.100 ||
            fail "the address is not on the virtual MAC"
        ;;
    esac
    case $kind in
    vrf-vmac)
        $ip -n "$name-a" link show vrrp.51 | grep -q "master red" ||
            fail "the virtual MAC is not in the VRF"
        ;;
    ipvlan)
        $ip -n "$name-a" -d link show | grep -q "ipvlan *mode l2" || fail "no ipvlan"
        ;;
    dummy)
        $ip -n "$name-a" -o addr show dev d0 | grep -q 10.0.0.100 ||
            fail "the address is not on the dummy"
        ;;
    esac
}

# A virtual MAC follows its base out of a VRF.
leaves_vrf() {
    kind=vrf-vmac
    name=leaves-vrf
    work=/tmp/$name
    nodes
    for node in a b; do
        prepare $node || fail "no VRF here"
    done
    instance a e0 200 use_vmac 10.0.0.100
    : >"$work/b.log"
    start a $ours
    wait_for says a "Entering MASTER STATE" || fail "a is not MASTER"
    $ip -n "$name-a" link set e0 nomaster
    outside() { ! $ip -n "$name-a" link show vrrp.51 | grep -q "master red"; }
    wait_for outside || fail "the virtual MAC stays in the VRF"
    tidy
    echo "ok $name"
}

# routes_of_vrf PROGRAM: routes into the table of a VRF, and one that names no table, which the kernel
# puts where the file says: into main.
routes_of_vrf() {
    kind=vrf
    name=vrf-routes-$1
    work=/tmp/$name
    nodes
    for node in a b; do
        prepare $node || fail "no VRF here"
    done
    instance a e0 200 "virtual_routes {
        10.9.0.0/24 dev e0 table 10
        10.8.0.0/24 via 10.0.0.2 dev e0 table 10
        10.7.0.0/24 dev e0
    }" 10.0.0.100
    : >"$work/b.log"
    eval "start a \$$1"
    wait_for routed "vrf red" 10.9.0.0/24 || fail "no route into the VRF"
    wait_for routed "vrf red" 10.8.0.0/24 || fail "no route through a gateway of the VRF"
    wait_for routed "table main" 10.7.0.0/24 || fail "no route in main"
    kill "$(cat "$work/a.pid")"
    for route in 10.9.0.0/24 10.8.0.0/24; do
        wait_for not_routed "vrf red" $route || fail "$route stays in the VRF"
    done
    wait_for not_routed "table main" 10.7.0.0/24 || fail "10.7.0.0/24 stays in main"
    tidy
    echo "ok $name"
}

# routed WHERE ROUTE
routed() { $ip -n "$name-a" route show $1 | grep -q "^$2 "; }
not_routed() { ! routed "$1" "$2"; }

# Nothing comes through for a while: both are MASTER, then one of them again.
partition() {
    name=netem-partition
    work=/tmp/$name
    kind=plain
    nodes
    for node in a b; do
        prepare $node
        [ $node = a ] && priority=200 || priority=100
        instance $node e0 $priority "" 10.0.0.100
    done
    start a $ours
    start b $ours
    wait_for says a "Entering MASTER STATE" || fail "a is not MASTER"
    $tc -n "$name-a" qdisc add dev e0 root netem loss 100% || fail "no netem here"
    wait_for holds b 10.0.0.100 || fail "b does not take over"
    $tc -n "$name-a" qdisc del dev e0 root
    wait_for lacks b 10.0.0.100 || fail "b keeps the address"
    holds a 10.0.0.100 || fail "a has lost the address"
    tidy
    echo "ok $name"
}

# Cases that run side by side.
together() {
    for case; do
        (eval "$case") &
    done
    wait
}

if [ -x $theirs ]; then
    pairs="ours:ours ours:theirs theirs:ours"
else
    echo "skipped theirs: the original is not installed"
    pairs="ours:ours"
fi
for kinds in "vlan vlan-vmac" "vrf vrf-vmac" "ipvlan"; do
    batch=
    for kind in $kinds; do
        for pair in $pairs; do
            batch="$batch 'election $kind ${pair%:*} ${pair#*:}'"
        done
    done
    eval "together $batch"
done
routes='"routes_of_vrf ours"'
if [ -x $theirs ]; then
    routes="$routes 'routes_of_vrf theirs'"
fi
eval "together 'election dummy ours ours' leaves_vrf partition $routes"
echo "the end"
