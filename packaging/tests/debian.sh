# Sourced: a Debian 12 in a directory, made once with debootstrap, and what tests in it have in common.
# Wants $work (where it is kept) and $title (of the test).

suite=bookworm
# What is in it beside the smallest Debian; nothing of it is started where this is a mere directory.
packages="keepalived snmpd snmp sudo"

skip() {
    echo "SKIPPED: $title: $1"
    echo "test result: ok. 0 passed; 0 failed; 1 ignored"
    exit 0
}

passed=0
failed=0

ok() {
    echo "ok $1"
    passed=$((passed + 1))
}

# fail NAME REASON
fail() {
    echo "FAILED $1: $2"
    failed=$((failed + 1))
}

# check NAME COMMAND...: succeeds when the command does.
check() {
    name=$1
    shift
    if answer=$("$@" 2>&1); then
        ok "$name"
    else
        fail "$name" "$* said: $answer"
    fi
}

the_end() {
    [ $failed = 0 ] && verdict=ok || verdict=FAILED
    echo "test result: $verdict. $passed passed; $failed failed; 0 ignored"
    [ $failed = 0 ]
}

# inside ROOT COMMAND...: runs a command in that Debian, without its services.
inside() {
    root=$1
    shift
    DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        chroot "$root" "$@" </dev/null
}

# $work/base: Debian with systemd and Debian's keepalived, whose packages stay in apt's cache.
make_base() {
    [ "$(cat "$work/base/complete" 2>/dev/null)" = "$packages" ] && return
    [ "$(id -u)" = 0 ] || skip "root is needed to make a Debian"
    [ "$(uname -m)" = x86_64 ] || skip "it is made for x86_64 only"
    for tool in debootstrap chroot unshare; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    rm -rf "$work/base"
    mkdir -p "$work"
    echo "making a Debian ($suite)" >&2
    debootstrap --variant=minbase --include=systemd-sysv,dbus,iproute2,procps,kmod \
        $suite "$work/base" >"$work/debootstrap.log" 2>&1 ||
        skip "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
    base=$work/base
    cp /etc/resolv.conf "$base/etc/resolv.conf"
    for file in /etc/apt/apt.conf.d/*; do
        case $file in
        *docker*) ;;
        *) cp "$file" "$base/etc/apt/apt.conf.d/" ;;
        esac
    done
    # Nothing is started while packages are installed: this is a directory, not a machine.
    printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
    chmod 755 "$base/usr/sbin/policy-rc.d"
    echo 'APT::Keep-Downloaded-Packages "true";' >"$base/etc/apt/apt.conf.d/90keep"
    {
        # shellcheck disable=SC2086 # one word per package
        inside "$base" apt-get -qq update &&
            inside "$base" apt-get -qq -y --no-install-recommends install $packages
    } >"$work/packages.log" 2>&1 || skip "$packages: $(tail -n 1 "$work/packages.log")"
    echo "$packages" >"$base/complete"
}
