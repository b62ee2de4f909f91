# Runs inside the guest as a service of systemd's. A line for each case: "ok NAME" or "FAILED NAME: reason".
# First start: evervip is installed over a running keepalived and put through its paces. Second start: did it
# come up by itself? Then back to keepalived.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C
unit=keepalived.service
dropins=/etc/systemd/system/$unit.d
# Patience for one condition, in seconds: the guest is many times slower than its host.
patience=60

check() {
    name=$1
    shift
    left=$patience
    until "$@" >/tmp/answer 2>&1; do
        left=$((left - 1))
        if [ $left -le 0 ]; then
            echo "FAILED $name: $* $(tail -n 5 /tmp/answer)"
            journalctl -u $unit --no-pager -n 15 | sed 's/^/    /'
            return
        fi
        sleep 1
    done
    echo "ok $name"
}

address() { ip -o addr show | grep -q " $1/"; }
no_address() { ! address "$1"; }
is() { [ "$(systemctl show -P "$1" $unit)" = "$2" ] || { systemctl show -p "$1" $unit && false; }; }
up() { is ActiveState active && address 192.0.2.10; }
up_anew() { up && ! is MainPID "$pid"; }
same_process() { up && is MainPID "$pid"; }
note_process() { pid=$(systemctl show -P MainPID $unit); }
ours() { keepalived -v 2>&1 | grep -q '^evervip '; }
theirs() { ! ours; }
nice_of_main() { [ "$(ps -o ni= -p "$(systemctl show -P MainPID $unit)" | tr -d ' ')" = -5 ]; }
on_dbus() {
    answer=$(busctl get-property org.keepalived.Vrrp1 /org/keepalived/Vrrp1/Instance/v0/51/IPv4 \
        org.keepalived.Vrrp1.Instance State 2>&1)
    [ "$answer" = '(us) 2 "Master"' ] || { echo "$answer" && false; }
}
journal_says() { journalctl -u $unit --no-pager -o cat | grep -q "$1"; }
has_argument() { tr '\0' ' ' <"/proc/$(systemctl show -P MainPID $unit)/cmdline" | grep -q -e "$1"; }
refused_to_others() {
    setpriv --reuid=65534 --clear-groups busctl call org.keepalived.Vrrp1 /org/keepalived/Vrrp1/Vrrp \
        org.keepalived.Vrrp1.Vrrp ReloadConfig 2>&1 | grep -i 'denied'
}
in_snmp() {
    answer=$(snmpget -v2c -c public -t 5 -Oqv 127.0.0.1 .1.3.6.1.4.1.9586.100.5.2.3.1.4.1 2>&1)
    [ "$answer" = 2 ] || { echo "$answer" && false; }
}
# Surfaces for programs beside the address.
surfaces() {
    check "$1: its state on D-Bus" on_dbus
    check "$1: its state in SNMP" in_snmp
    check "$1: the address of a virtual MAC" address 192.0.2.20
}
# What a notify script may do, and that others see what it did.
script_did_all() {
    wanted=$(grep -c '^try "' /etc/keepalived/master.sh)
    [ "$(grep -vc '^the end' /run/master.marks)" = "$wanted" ] || { cat /run/master.marks && return 1; }
    [ -e /tmp/mark ] || { echo "/tmp is another one" && return 1; }
    mountpoint -q /mnt || { echo "its mount is not seen" && return 1; }
    ip netns list | grep -q mark || { echo "its network namespace is not seen" && return 1; }
}
undo_script() {
    umount /mnt
    ip netns del mark
    ip addr del 192.0.2.77/32 dev lo
    rm -f /run/master.marks /tmp/mark
}
# A unit that users have made their own: override NAME, from stdin.
with_override() {
    mkdir -p $dropins
    cat >"$dropins/$1.conf"
    systemctl daemon-reload
    systemctl restart $unit
    check "$1: start" up
    note_process
    configuration 192.0.2.11/24
    systemctl reload $unit
    check "$1: reload adds an address" address 192.0.2.11
    # Longer than the watchdog of one of them waits.
    sleep 15
    check "$1: the process stays" same_process
    systemctl stop $unit
    check "$1: stop: the address is gone" no_address 192.0.2.10
    check "$1: stop: no pid file is left" no_pid_files
    configuration ''
    rm "$dropins/$1.conf"
    systemctl daemon-reload
}
child() { pgrep -P "$pid" | head -n 1; }
another_child() { up && [ -n "$(child)" ] && [ "$(child)" != "$first" ]; }
# A number is missing.
configuration_that_is_refused() {
    printf 'vrrp_instance WEB {\n  virtual_router_id\n}\n' >/etc/keepalived/keepalived.conf
}
no_pid_files() {
    for file in keepalived.pid vrrp.pid keepalived/keepalived.pid; do
        [ ! -e /run/$file ] || { echo "/run/$file is left" && return 1; }
    done
}


. /configuration.sh
. /pair.sh

first_start() {
    grep CapBnd /proc/1/status >/run/capabilities.of.1
    check "keepalived runs with the settings" up
    cp /usr/sbin/keepalived /usr/local/sbin/keepalived-of-peer
    begin_pair
    systemctl restart $unit
    check "pair: a restart of keepalived" settled
    note_gap
    restart=$gap
    apt-get -q -y install /evervip.deb >/tmp/apt.log 2>&1 || echo "FAILED installation: $(tail -n 5 /tmp/apt.log)"
    check "installed over it, evervip runs" up
    check "pair: the other node has given the address back" settled
    note_gap
    check "pair: nobody had the address for $gap ms, as in a restart of keepalived ($restart ms)" no_longer_than $restart
    end_pair
    check "the program is evervip's" ours
    check "the override is in force" nice_of_main
    check "DAEMON_ARGS are in force" has_argument "--log-facility=3"
    check "the journal has its lines" journal_says 'Starting Keepalived v2.*evervip'
    surfaces "installed"
    check "D-Bus: others may not change anything" refused_to_others

    undo_script
    note_process
    systemctl restart $unit
    check "restart" up_anew
    surfaces "restart"
    check "a notify script may do everything" script_did_all
    undo_script

    note_process
    dpkg -i /evervip.deb >/tmp/apt.log 2>&1 || echo "FAILED new version: $(tail -n 5 /tmp/apt.log)"
    check "a new version of the package restarts it" up_anew
    undo_script

    note_process
    configuration 192.0.2.11/24
    systemctl reload $unit
    check "reload adds an address" address 192.0.2.11
    check "reload keeps the process" same_process
    configuration_that_is_refused
    systemctl reload $unit
    sleep 3
    check "a refused reload changes nothing" address 192.0.2.11
    check "a refused reload keeps the process" same_process
    configuration ''
    systemctl reload $unit
    check "reload removes an address" no_address 192.0.2.11

    first=$(child)
    kill -9 "$first"
    check "the VRRP process dies: another one" another_child
    kill -9 "$pid"
    check "the parent dies: started again" up_anew
    surfaces "crash"

    printf '[Service]\nWatchdogSec=10\nTimeoutAbortSec=5\n' >$dropins/watchdog.conf
    systemctl daemon-reload
    systemctl restart $unit
    check "watchdog: start" up
    note_process
    sleep 25
    check "watchdog: content with a daemon that works" same_process
    kill -STOP "$(child)"
    check "watchdog: ends one that hangs, and another is started" up_anew
    rm $dropins/watchdog.conf

    cp /usr/share/doc/evervip/examples/strict.conf $dropins/
    systemctl daemon-reload
    systemctl restart $unit
    check "strict.conf is in force" is NoNewPrivileges yes
    check "runs with strict.conf" up
    surfaces "strict.conf"
    rm $dropins/strict.conf
    systemctl daemon-reload

    systemctl stop $unit
    check "stop: the unit is inactive" is ActiveState inactive
    check "stop: the address is gone" no_address 192.0.2.10
    check "stop: no pid file is left" no_pid_files
    configuration_that_is_refused
    systemctl start $unit 2>/dev/null
    sleep 3
    check "a bad configuration: failed" is ActiveState failed
    check "a bad configuration: not tried again and again" is NRestarts 0
    configuration ''
    systemctl reset-failed $unit
    systemctl start $unit
    check "start" up
    with_override "a unit of type forking, as of keepalived 2.0" <<'CONF'
[Service]
Type=forking
PIDFile=/run/keepalived.pid
WatchdogSec=10
ExecStart=
ExecStart=/usr/sbin/keepalived $DAEMON_ARGS
CONF
    with_override "a unit of type simple, as of appliances" <<'CONF'
[Service]
Type=simple
KillMode=process
RuntimeDirectory=keepalived
ExecStart=
ExecStart=/usr/sbin/keepalived --use-file /etc/keepalived/keepalived.conf --pid /run/keepalived/keepalived.pid --dont-fork --snmp
CONF
    systemctl start $unit
    check "the own unit again" up
}

second_start() {
    check "boot" up
    check "boot: the program is evervip's" ours
    check "boot: DAEMON_ARGS are in force" has_argument "--log-facility=3"
    surfaces "boot"
    begin_pair
    systemctl restart $unit
    check "pair: a restart of evervip" settled
    note_gap
    restart=$gap
    apt-get -q -y install /var/cache/apt/archives/keepalived_*.deb >/tmp/apt.log 2>&1 ||
        echo "FAILED way back: $(tail -n 5 /tmp/apt.log)"
    check "back: the program is keepalived's" theirs
    check "back: keepalived runs" up
    check "pair: the other node has given the address back to keepalived" settled
    note_gap
    check "pair: nobody had the address for $gap ms, as in a restart of evervip ($restart ms)" no_longer_than $restart
    end_pair

    apt-get -q -y install /evervip.deb >/tmp/apt.log 2>&1 || echo "FAILED forth again: $(tail -n 5 /tmp/apt.log)"
    check "forth again" up
    apt-get -q -y remove evervip >/tmp/apt.log 2>&1 || echo "FAILED removal: $(tail -n 5 /tmp/apt.log)"
    check "removed: the address is gone" no_address 192.0.2.10
    dpkg -i /var/cache/apt/archives/keepalived_*.deb >/tmp/apt.log 2>&1 ||
        echo "FAILED keepalived: $(tail -n 5 /tmp/apt.log)"
    check "keepalived is back and runs" up
    check "the override is in force again" nice_of_main
    check "DAEMON_ARGS are in force again" has_argument "--log-facility=3"
}

{
    if [ -e /first-start-is-over ]; then
        second_start
    else
        touch /first-start-is-over
        first_start
    fi
    echo "the end"
} >/dev/ttyS0 2>&1
sync
systemctl poweroff --force
