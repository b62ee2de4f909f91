#!/bin/sh
# Installs the .deb in a Debian made for it, over Debian's keepalived, and goes back. Nothing of the machine
# that runs this is touched. Usage: install.sh DEB WORKING-DIRECTORY
#
# Prints a line for each case and their sum; "SKIPPED: reason" where it cannot be done.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
deb=$1
work=$2
title="installation of the .deb"
. "$here/debian.sh"
make_base

# Mounts of its own, which end with it.
if [ "${EVERVIP_MOUNTS_OF_ITS_OWN:-}" != yes ]; then
    EVERVIP_MOUNTS_OF_ITS_OWN=yes exec unshare --mount --pid --fork --kill-child "$0" "$deb" "$work"
fi

unit=keepalived.service
# An interface of this machine, for the verdicts on the configuration.
interface=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
[ -n "$interface" ] || skip "there is no interface but lo"
wanted=/etc/systemd/system/multi-user.target.wants/$unit

# begin NAME: a copy of the base, with the settings of a user.
begin() {
    case_name=$1
    rm -rf "$work/case"
    mkdir -p "$work/case/upper" "$work/case/work" "$work/case/root"
    root=$work/case/root
    mount -t overlay overlay -o \
        "lowerdir=$work/base,upperdir=$work/case/upper,workdir=$work/case/work" "$root"
    mount -t proc proc "$root/proc"
    cp "$deb" "$root/evervip.deb"
    cat >"$root/etc/keepalived/keepalived.conf" <<CONF
global_defs {
    router_id lb1
}
vrrp_instance WEB {
    state BACKUP
    interface $interface
    virtual_router_id 51
    priority 110
    advert_int 1
    virtual_ipaddress {
        192.0.2.10/24
    }
}
CONF
    echo 'DAEMON_ARGS="-D"' >"$root/etc/default/keepalived"
    mkdir -p "$root/etc/systemd/system/$unit.d"
    printf '[Service]\nNice=-5\n' >"$root/etc/systemd/system/$unit.d/override.conf"
    echo 'echo "$@" >>/run/states' >"$root/etc/keepalived/notify.sh"
    kept=$(settings)
}

finish() {
    umount "$root/proc" "$root"
    rm -rf "$work/case"
}

# Everything that is the user's.
settings() {
    (cd "$root" && md5sum etc/keepalived/keepalived.conf etc/keepalived/notify.sh \
        etc/default/keepalived "etc/systemd/system/$unit.d/override.conf" 2>&1)
}

# apt ARGUMENTS...: no question is answered: apt fails when it asks one.
apt() {
    inside "$root" apt-get -q -y --no-install-recommends "$@" >"$work/apt.log" 2>&1 || {
        fail "$case_name: apt-get $*" "$(tail -n 15 "$work/apt.log")"
        return 0
    }
}

is_ours() { inside "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^evervip '; }
is_theirs() { ! is_ours && inside "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^Keepalived v2'; }
is_state() { # PACKAGE STATE
    state=$(inside "$root" dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || echo none)
    [ "$state" = "$2" ] || { echo "$1 is $state" && false; }
}
is_kept() {
    now=$(settings)
    [ "$kept" = "$now" ] || { echo "before: $kept now: $now" && false; }
}
is_enabled() {
    [ -L "$root$wanted" ] && inside "$root" systemctl is-enabled -q $unit
}
is_sound() {
    inside "$root" systemd-analyze --man=no verify $unit && inside "$root" apt-get -q check
}
unit_is_from() { # WORD of its description
    grep -q "^Description=.*$1" "$root/lib/systemd/system/$unit" || {
        ls -l "$root/lib/systemd/system/$unit"
        false
    }
}
lacks() { # PATH...
    for path; do
        [ ! -e "$root$path" ] && [ ! -L "$root$path" ] || { echo "$path is there" && return 1; }
    done
}

# Installs a package that depends on keepalived, as neutron's and octavia's agents do.
needs_keepalived() {
    mkdir -p "$root/needs-keepalived/DEBIAN"
    cat >"$root/needs-keepalived/DEBIAN/control" <<CONTROL
Package: needs-keepalived
Version: 1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Depends: keepalived (>= 1:2.2.7-1)
Description: needs keepalived
CONTROL
    inside "$root" dpkg-deb --build /needs-keepalived /needs.deb >"$work/apt.log" 2>&1 &&
        inside "$root" dpkg -i /needs.deb >>"$work/apt.log" 2>&1 ||
        fail "$case_name" "$(tail -n 5 "$work/apt.log")"
}

ours_is_in_place() {
    check "$case_name: the program is evervip's" is_ours
    check "$case_name: keepalived is gone" is_state evervip installed
    check "$case_name: the unit is evervip's" unit_is_from evervip
    check "$case_name: the unit is sound" is_sound
    check "$case_name: the unit is enabled" is_enabled
    check "$case_name: the settings are kept" is_kept
}

theirs_is_in_place() {
    check "$case_name: the program is keepalived's" is_theirs
    check "$case_name: its unit is there" unit_is_from Keepalive
    check "$case_name: the unit is enabled" is_enabled
    check "$case_name: the settings are kept" is_kept
}

# Lintian, Debian's judge of packages; overrides with their reasons are in packaging/debian/lintian-overrides.
if command -v lintian >/dev/null; then
    is_content() { [ -z "$(lintian --allow-root --tag-display-limit 0 "$deb" 2>&1 | tee /dev/stderr)" ]; }
    check "lintian has nothing to say" is_content
else
    echo "not asked: lintian, which is not installed"
fi

begin "apt, over keepalived"
before=$(inside "$root" /usr/sbin/keepalived -t 2>&1) && code=0 || code=$?
apt install /evervip.deb
ours_is_in_place
check "$case_name: the tool is there" inside "$root" evervip check --elsewhere /etc/keepalived/keepalived.conf
check "$case_name: the files are as packed" inside "$root" dpkg --verify evervip
after=$(inside "$root" /usr/sbin/keepalived -t 2>&1) && now=0 || now=$?
check "$case_name: same verdict ($code) on the configuration" [ "$now $after" = "$code $before" ]

case_name="the package anew"
apt install --reinstall /evervip.deb
ours_is_in_place

case_name="removed"
apt remove evervip
check "$case_name: the settings are kept" is_kept
check "$case_name: no program is left" lacks /usr/sbin/keepalived /usr/bin/evervip "/usr/lib/systemd/system/$unit"

case_name="keepalived after it"
apt install keepalived
theirs_is_in_place
finish

begin "apt, there and back"
apt install /evervip.deb
apt install keepalived
check "$case_name: evervip is gone" is_state evervip config-files
theirs_is_in_place
apt purge evervip
case_name="purged when keepalived is back"
theirs_is_in_place
finish

begin "purged"
apt install /evervip.deb
apt purge evervip
check "$case_name: the settings are kept" is_kept
check "$case_name: no program is left" lacks /usr/sbin/keepalived /usr/bin/evervip "/usr/lib/systemd/system/$unit"
finish

begin "another package needs keepalived"
needs_keepalived
apt install /evervip.deb
check "$case_name: it stays" is_state needs-keepalived installed
ours_is_in_place
apt install keepalived
check "$case_name: it stays on the way back" is_state needs-keepalived installed
theirs_is_in_place
finish

begin "dpkg alone"
inside "$root" dpkg -i /evervip.deb >"$work/apt.log" 2>&1 || fail "$case_name" "$(cat "$work/apt.log")"
ours_is_in_place
finish

begin "disabled before"
inside "$root" systemctl disable -q $unit
apt install /evervip.deb
check "$case_name: stays disabled" lacks "$wanted"
apt install --reinstall /evervip.deb
check "$case_name: stays disabled when installed anew" lacks "$wanted"
apt install keepalived
check "$case_name: stays disabled on the way back" lacks "$wanted"
finish

begin "keepalived purged afterwards"
apt install /evervip.deb
apt purge keepalived
check "$case_name: the program is evervip's" is_ours
check "$case_name: the unit is there" unit_is_from evervip
check "$case_name: the unit is enabled" is_enabled
check "$case_name: the configuration is there" [ -s "$root/etc/keepalived/keepalived.conf" ]
finish

begin "without keepalived"
inside "$root" dpkg --purge keepalived >/dev/null 2>&1
rm -rf "$root/etc/keepalived" "$root/etc/default/keepalived" "$root/etc/systemd/system/$unit.d"
apt install /evervip.deb
check "$case_name: the program is evervip's" is_ours
check "$case_name: the unit is enabled" is_enabled
check "$case_name: there is a defaults file" grep -q '^DAEMON_ARGS=' "$root/etc/default/keepalived"
apt purge evervip
check "$case_name: purged, nothing is left" lacks /etc/default/keepalived /etc/keepalived "$wanted" \
    /var/lib/evervip /usr/share/evervip /usr/share/doc/evervip
finish

the_end
