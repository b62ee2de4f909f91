#!/bin/sh
# Puts the .rpm into the place of a package keepalived with dnf, and goes back. There is no Fedora or RHEL in
# this: dnf runs in a Debian made for it, with a stand-in that has the files and the scripts of Fedora's package.
# Usage: rpm.sh RPM WORKING-DIRECTORY
#
# Prints a line for each case and their sum; "SKIPPED: reason" where it cannot be done.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
rpm=$1
work=$2
title="installation of the .rpm"
. "$here/debian.sh"
make_base

# Mounts of its own, which end with it.
if [ "${EVERVIP_MOUNTS_OF_ITS_OWN:-}" != yes ]; then
    EVERVIP_MOUNTS_OF_ITS_OWN=yes exec unshare --mount --pid --fork --kill-child sh "$0" "$rpm" "$work"
fi

unit=keepalived.service
wanted=/etc/systemd/system/multi-user.target.wants/$unit
interface=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
[ -n "$interface" ] || skip "there is no interface but lo"

# layer NAME LOWER...: a directory of its own above others.
layer() {
    root=$work/rpm/$1/root
    mkdir -p "$work/rpm/$1/upper" "$work/rpm/$1/work" "$root"
    mount -t overlay overlay -o \
        "lowerdir=$2,upperdir=$work/rpm/$1/upper,workdir=$work/rpm/$1/work" "$root"
    mount -t proc proc "$root/proc"
}

# A package of packaging/tests/rpm, built in there.
build() {
    inside "$root" rpmbuild --quiet -bb "/specs/$1.spec" >>"$work/rpm.log" 2>&1 || return 1
    cp "$root/root/rpmbuild/RPMS/x86_64/$1"-*.rpm "$root/$1.rpm"
}

# A Debian with dnf, without keepalived, with the packages to be installed.
make_rpm_base() {
    layer base "$work/base"
    {
        cp "$root"/var/cache/apt/archives/keepalived_*.deb "$root/keepalived.deb"
        inside "$root" dpkg --purge keepalived
        inside "$root" apt-get -qq update
        inside "$root" apt-get -qq -y --no-install-recommends install dnf rpm
    } >"$work/rpm.log" 2>&1 || skip "dnf: $(tail -n 1 "$work/rpm.log")"
    mkdir -p "$root/etc/rpm" "$root/specs"
    echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
    inside "$root" dpkg-deb -x /keepalived.deb /debian
    cp "$rpm" "$root/evervip.rpm"
    # What the package wants of the distribution: the C library.
    inside "$root" rpm -qp --requires /evervip.rpm 2>/dev/null | grep -v '^rpmlib' |
        sed 's/^/Provides: /' >"$root/specs/provides"
    cp "$here/rpm/"*.spec "$root/specs/"
    sed -i -e "/^PROVIDES/r $root/specs/provides" -e '/^PROVIDES/d' "$root/specs/c-library.spec"
    build c-library && build keepalived || skip "rpmbuild: $(tail -n 3 "$work/rpm.log")"
}

# begin NAME: the stand-in is installed, with the settings of a user.
begin() {
    case_name=$1
    layer case "$work/rpm/base/root"
    dnf install /c-library.rpm /keepalived.rpm
    sed -i "s/INTERFACE/$interface/" "$root/etc/keepalived/keepalived.conf"
    echo 'KEEPALIVED_OPTIONS="-D -S 3"' >"$root/etc/sysconfig/keepalived"
    mkdir -p "$root/etc/systemd/system/$unit.d"
    printf '[Service]\nNice=-5\n' >"$root/etc/systemd/system/$unit.d/override.conf"
    inside "$root" systemctl enable -q $unit 2>/dev/null
    kept=$(settings)
}

finish() {
    umount "$root/proc" "$root"
    rm -rf "$work/rpm/case"
}

# Everything that is the user's.
settings() {
    (cd "$root" && md5sum etc/keepalived/keepalived.conf etc/sysconfig/keepalived \
        "etc/systemd/system/$unit.d/override.conf" 2>&1)
}

dnf() {
    inside "$root" dnf -q -y --disablerepo='*' "$@" >"$work/dnf.log" 2>&1 || {
        fail "$case_name: dnf $*" "$(tail -n 15 "$work/dnf.log")"
        return 0
    }
}

is_ours() { inside "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^evervip '; }
is_theirs() { ! is_ours && inside "$root" /usr/sbin/keepalived -v 2>&1 | grep -q '^Keepalived v2'; }
is_kept() {
    now=$(settings)
    [ "$kept" = "$now" ] || { echo "before: $kept now: $now" && return 1; }
    left=$(find "$root/etc" -name '*.rpmsave')
    [ -z "$left" ] || { echo "$left is left" && return 1; }
}
is_enabled() { [ -L "$root$wanted" ] && inside "$root" systemctl is-enabled -q $unit; }
is_disabled() { [ ! -L "$root$wanted" ]; }
# Configuration files may differ, nothing else.
is_as_packed() {
    answer=$(inside "$root" rpm -V evervip 2>&1 | grep -v ' c /etc/' || true)
    [ -z "$answer" ] || { echo "$answer" && false; }
}
is_sound() { inside "$root" systemd-analyze --man=no verify $unit; }
lacks() { # PATH...
    for path; do
        [ ! -e "$root$path" ] && [ ! -L "$root$path" ] || { echo "$path is there" && return 1; }
    done
}

ours_is_in_place() {
    check "$case_name: the program is evervip's" is_ours
    check "$case_name: the unit is sound" is_sound
    check "$case_name: the unit is enabled" is_enabled
    check "$case_name: the settings are kept" is_kept
    check "$case_name: the files are as packed" is_as_packed
}

# One that has failed may have left its files.
rm -rf "$work/rpm"
make_rpm_base

begin "dnf swap"
check "$case_name: keepalived is there before" is_theirs
dnf swap keepalived /evervip.rpm
ours_is_in_place
check "$case_name: the configuration is accepted" inside "$root" /usr/sbin/keepalived -t
check "$case_name: the tool is there" inside "$root" evervip check --elsewhere /etc/keepalived/keepalived.conf

case_name="the package anew"
dnf reinstall /evervip.rpm
ours_is_in_place

case_name="swapped back"
dnf swap evervip /keepalived.rpm
check "$case_name: the program is keepalived's" is_theirs
check "$case_name: the settings are kept" is_kept
check "$case_name: nothing of evervip is left" lacks /usr/bin/evervip /var/lib/evervip \
    /usr/share/doc/evervip /usr/share/licenses/evervip
finish

begin "disabled before"
inside "$root" systemctl disable -q $unit 2>/dev/null
dnf swap keepalived /evervip.rpm
check "$case_name: stays disabled" is_disabled
finish

begin "removed"
dnf swap keepalived /evervip.rpm
dnf remove evervip
check "$case_name: the configuration stays" [ -s "$root/etc/keepalived/keepalived.conf" ]
check "$case_name: no program is left" lacks /usr/sbin/keepalived /usr/bin/evervip "/usr/lib/systemd/system/$unit" "$wanted"
finish

begin "without keepalived"
dnf remove keepalived
rm -rf "$root/etc/keepalived" "$root/etc/sysconfig/keepalived"*
dnf install /evervip.rpm
check "$case_name: the program is evervip's" is_ours
check "$case_name: there is a defaults file" grep -q '^KEEPALIVED_OPTIONS=' "$root/etc/sysconfig/keepalived"
check "$case_name: the unit is not enabled" is_disabled
finish

umount "$work/rpm/base/root/proc" "$work/rpm/base/root"
rm -rf "$work/rpm"
the_end
