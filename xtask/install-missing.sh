#!/bin/sh
# Installs Debian packages whose command is absent, without starting or enabling any service.
# Usage: install-missing.sh COMMAND=PACKAGE ...   (several packages: COMMAND=PACKAGE,PACKAGE)
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

packages=
for pair; do
    command -v "${pair%%=*}" >/dev/null 2>&1 ||
        packages="$packages $(echo "${pair#*=}" | tr , ' ')"
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "missing packages:$packages - install them or run this as root" >&2
    exit 1
fi
echo "installing:$packages"

# Package scripts ask this file before they start a service: 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word per package
{
    apt-get -qq update
    apt-get -qq -y --no-install-recommends install $packages >/dev/null
}
# They are needed as programs only.
if [ -d /run/systemd/system ]; then
    for service in keepalived haproxy exabgp bird2=bird; do
        case " $packages " in
        *" ${service%%=*} "*) systemctl --quiet disable "${service#*=}" || true ;;
        esac
    done
fi
