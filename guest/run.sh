#!/bin/sh
# Builds an initramfs with our daemon and runs guest/tests.sh in it under QEMU, for what the kernel
# of this machine lacks. Usage: run.sh DAEMON WORKING-DIRECTORY
#
# Prints a line for each case and their sum. Without QEMU, its helpers or the kernel package it prints
# "SKIPPED: reason" and succeeds: a machine that cannot do this can do everything else.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
daemon=$1
work=$2
# Longest time for all tests in the guest.
limit=220

skip() {
    echo "SKIPPED: $1"
    echo "test result: ok. 0 passed; 0 failed; 1 ignored"
    exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "the guest is made for x86_64 only"
for tool in qemu-system-x86_64 busybox cpio depmod modprobe ip nft tc ldd dpkg-deb apt-get; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done

mkdir -p "$work"
cd "$work"
. "$here/kernel.sh"
fetch_kernel kernel

root=$work/root
rm -rf "$root"
mkdir -p "$root/bin" "$root/usr/sbin" "$root/etc"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$here/init" "$root/init"
cp "$here/tests.sh" "$root/tests.sh"
chmod 755 "$root/init"
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"

# program FILE NAME: with the libraries that it needs.
program() {
    cp "$1" "$root/usr/sbin/$2"
    ldd "$1" 2>/dev/null | tr ' \t' '\n\n' | grep '^/' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        [ -e "$root$library" ] || cp -L "$library" "$root$library"
    done
}
program "$daemon" evervip-keepalived
strip "$root/usr/sbin/evervip-keepalived" 2>/dev/null || true
for tool in ip tc nft; do
    program "$(command -v $tool)" $tool
done
if [ -x /usr/sbin/keepalived ]; then
    program /usr/sbin/keepalived keepalived
fi

modules="8021q vrf macvlan ipvlan dummy veth sch_netem nf_tables nft_dup_netdev nft_dup_ipv4 nft_dup_ipv6 nf_dup_ipv4 nf_dup_ipv6"
# shellcheck disable=SC2086 # one word per module
copy_modules kernel "$root" $modules
echo "$modules" >"$root/modules.wanted"

(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >initramfs.gz
timeout $limit qemu-system-x86_64 -cpu max -M q35 -smp 2 -m 512 -nographic -no-reboot \
    -kernel "kernel/boot/vmlinuz-$version" -initrd initramfs.gz \
    -append "console=ttyS0 quiet panic=-1 no_timer_check" </dev/null 2>&1 | tr -d '\r' | tee console.log |
    grep -aE '^(ok|FAILED|skipped|    [ab]:|missing|the end)' || true
count() { grep -ac "^$1" console.log || true; }
failed=$(count FAILED)
grep -aq '^the end' console.log || {
    echo "FAILED guest: it did not come to an end within $limit s"
    tail -n 20 console.log
    failed=$((failed + 1))
}
[ "$failed" = 0 ] && verdict=ok || verdict=FAILED
echo "test result: $verdict. $(count 'ok ') passed; $failed failed; $(count skipped) ignored"
[ "$failed" = 0 ]
