#!/bin/sh
# Boots a Debian with systemd under QEMU, installs the .deb there over a running keepalived, restarts, reloads,
# kills and stops it, boots again and goes back. Usage: systemd.sh DEB WORKING-DIRECTORY KERNEL-DIRECTORY
#
# KERNEL-DIRECTORY is where guest/run.sh unpacks its kernel. Prints a line for each case and their sum;
# "SKIPPED: reason" where it cannot be done.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
deb=$1
work=$2
kernel=$3
title="the .deb under systemd"
# Longest time for one run of the guest, in seconds.
limit=1200
. "$here/debian.sh"

for tool in qemu-system-x86_64 busybox cpio depmod modprobe mke2fs apt-get dpkg-deb; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
make_base
. "$here/../../guest/kernel.sh"
fetch_kernel "$kernel"

# The disk: the base with the package, the user's settings and the test.
disk=$work/disk
rm -rf "$disk"
mkdir -p "$work/upper"
cp -a "$work/base" "$disk"
rm -f "$disk/usr/sbin/policy-rc.d"
cp "$deb" "$disk/evervip.deb"
cp "$here/systemd-guest.sh" "$disk/test.sh"
mkdir -p "$disk/etc/systemd/system/keepalived.service.d"
printf '[Service]\nNice=-5\n' >"$disk/etc/systemd/system/keepalived.service.d/override.conf"
echo 'DAEMON_ARGS="-D --log-facility=3"' >"$disk/etc/default/keepalived"
cp "$here/configuration.sh" "$here/pair.sh" "$disk/"
. "$here/configuration.sh"
configuration ''
cp "$here/master.sh" "$disk/etc/keepalived/master.sh"
chmod 755 "$disk/etc/keepalived/master.sh"
printf 'agentaddress 127.0.0.1\nmaster agentx\nrocommunity public\n' >"$disk/etc/snmp/snmpd.conf"
# Scripts that run as somebody else come back to root in this way.
echo 'nobody ALL=(root) NOPASSWD: ALL' >"$disk/etc/sudoers.d/nobody"
chmod 440 "$disk/etc/sudoers.d/nobody"
echo guest >"$disk/etc/hostname"
cat >"$disk/etc/systemd/system/test-net.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; ip link add v0 type veth peer name v1; ip addr add 192.0.2.1/24 dev v0; ip link set v0 up; ip link set v1 up'
[Install]
WantedBy=sysinit.target
UNIT
cat >"$disk/etc/systemd/system/test.service" <<'UNIT'
[Service]
Type=simple
ExecStart=/bin/sh /test.sh
[Install]
WantedBy=graphical.target multi-user.target
UNIT
cat >"$disk/etc/systemd/system/mark.service" <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/true
UNIT
for service in test test-net; do
    inside "$disk" systemctl -q enable $service
done
# What takes time and has no part in this.
for service in getty@tty1 serial-getty@ttyS0 apt-daily.timer apt-daily-upgrade.timer e2scrub_reap fstrim.timer \
    dpkg-db-backup.timer systemd-timesyncd systemd-pstore; do
    inside "$disk" systemctl -q mask $service 2>/dev/null || true
done
rm -rf "$disk/var/lib/apt/lists" "$disk/usr/share/doc/keepalived/samples"
find "$disk/var/cache/apt/archives" -name '*.deb' ! -name 'keepalived_*' -delete
rm -f "$work/disk.img"
mke2fs -q -t ext4 -O ^has_journal -d "$disk" "$work/disk.img" 900M >/dev/null
rm -rf "$disk"

# What leads to it: modules and a shell that mounts the disk.
initramfs=$work/initramfs
modules="virtio_pci virtio_blk ext4 crc32c_generic veth macvlan nf_tables"
rm -rf "$initramfs"
mkdir -p "$initramfs/bin" "$initramfs/disk" "$initramfs/proc" "$initramfs/dev"
cp "$(command -v busybox)" "$initramfs/bin/busybox"
# shellcheck disable=SC2086 # one word per module
copy_modules "$kernel" "$initramfs" $modules
cat >"$initramfs/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for module in MODULES; do
    modprobe $module
done
mount -t ext4 /dev/vda /disk || echo "FAILED guest: no disk"
umount /proc
mount --move /dev /disk/dev
exec switch_root /disk /lib/systemd/systemd
INIT
sed -i "s/MODULES/$modules/" "$initramfs/init"
chmod 755 "$initramfs/init"
(cd "$initramfs" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs.gz"

: >"$work/console.log"
for start in first second; do
    timeout $limit qemu-system-x86_64 -cpu max -M q35 -smp 2 -m 768 -nographic -no-reboot \
        -kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/initramfs.gz" \
        -drive "file=$work/disk.img,format=raw,if=virtio,cache=unsafe,werror=report" -nic none \
        -append "console=ttyS0 quiet panic=-1 no_timer_check systemd.show_status=no systemd.log_level=err audit=0" \
        </dev/null >"$work/$start.log" 2>&1 || true
    tr -d '\r' <"$work/$start.log" >>"$work/console.log"
    tr -d '\r' <"$work/$start.log" | grep -aE '^(ok|FAILED|    )' || true
    grep -aq '^the end' "$work/$start.log" || {
        fail "the $start start" "it did not come to an end within $limit s: $(tail -n 10 "$work/$start.log")"
        break
    }
done
passed=$(grep -ac '^ok ' "$work/console.log" || true)
failed=$((failed + $(grep -ac '^FAILED' "$work/console.log" || true)))
rm -f "$work/disk.img"
the_end
