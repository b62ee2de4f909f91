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
nice_of_main() { [ "$(ps -o ni= -p "$(systemctl show -P MainPID $unit)" | tr -d ' ')" = -5 ]; }
child() { pgrep -P "$pid" | head -n 1; }
another_child() { up && [ -n "$(child)" ] && [ "$(child)" != "$first" ]; }
# A number is missing.
configuration_that_is_refused() {
    printf 'vrrp_instance WEB {\n  virtual_router_id\n}\n' >/etc/keepalived/keepalived.conf
}
no_pid_files() { [ ! -e /run/keepalived.pid ] && [ ! -e /run/vrrp.pid ]; }

. /configuration.sh

first_start() {
    check "keepalived runs with the settings" up
    apt-get -q -y install /evervip.deb >/tmp/apt.log 2>&1 || echo "FAILED installation: $(tail -n 5 /tmp/apt.log)"
    check "installed over it, evervip runs" up
    check "the program is evervip's" ours
    check "the override is in force" nice_of_main

    note_process
    systemctl restart $unit
    check "restart" up_anew

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

    mkdir -p $dropins
    cp /usr/share/doc/evervip/examples/strict.conf $dropins/
    systemctl daemon-reload
    systemctl restart $unit
    check "strict.conf is in force" is NoNewPrivileges yes
    check "runs with strict.conf" up
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
}

second_start() {
    check "boot" up
    check "boot: the program is evervip's" ours
    apt-get -q -y remove evervip >/tmp/apt.log 2>&1 || echo "FAILED removal: $(tail -n 5 /tmp/apt.log)"
    check "removed: the address is gone" no_address 192.0.2.10
    dpkg -i /var/cache/apt/archives/keepalived_*.deb >/tmp/apt.log 2>&1 ||
        echo "FAILED keepalived: $(tail -n 5 /tmp/apt.log)"
    check "keepalived is back and runs" up
    check "the override is in force again" nice_of_main
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
