#!/bin/sh
# A notify script in the guest: does what such scripts do, and writes a line for each that it could do.
marks=/run/master.marks
rm -f $marks

try() {
    name=$1
    shift
    if "$@"; then echo "$name" >>$marks; fi
}

write() { echo mark >"$1"; }

try "write to /etc" write /etc/mark
try "write to /usr" write /usr/mark
try "write to /var/lib" write /var/lib/mark
try "write to /root" write /root/mark
try "write to /home" write /home/mark
try "write to /tmp" write /tmp/mark
try "write to /run" write /run/mark
try "write to /var/run" write /var/run/mark
try "mount" mount -t tmpfs tmpfs /mnt
try "sysctl" sysctl -q -w net.ipv4.ip_forward=1
try "read a device" head -c 1 /dev/vda
try "network namespace" ip netns add mark
try "host name" hostname master
# passwd is a set-user-id program: its caller must be able to gain privileges.
try "set-user-id program" setpriv --reuid=65534 --clear-groups passwd -S nobody
try "start a service" systemctl start mark.service
try "systemd-run" systemd-run --quiet --wait --collect true
try "a higher priority" nice -n -10 true
try "an address" ip addr replace 192.0.2.77/32 dev lo
try "sudo to root, which starts a service" setpriv --reuid=65534 --clear-groups sudo -n systemctl restart mark.service
try "sudo to somebody else" sudo -n -u nobody true
# What runc does for docker and podman.
try "a container" unshare --mount --uts --ipc --pid --net --cgroup --fork mount -t proc proc /proc
try "a container without root" setpriv --reuid=65534 --clear-groups unshare --user --map-root-user --net true
try "log" logger mark
try "all capabilities" cmp -s /run/capabilities.of.1 /dev/stdin <<LINE
$(grep CapBnd /proc/self/status)
LINE
echo "the end" >>$marks
