# Runs when everything that goes has gone.
state=/var/lib/evervip
configuration=/etc/keepalived/keepalived.conf
# rpm sets changed configuration files of a removed package aside.
if [ ! -e $configuration ] && [ -e $configuration.rpmsave ]; then
    mv $configuration.rpmsave $configuration
fi
systemctl daemon-reload 2>/dev/null || true
if [ -e $state/is-enabled ]; then
    systemctl enable -q keepalived.service 2>/dev/null || true
fi
if [ -e $state/is-active ]; then
    systemctl restart keepalived.service 2>/dev/null || true
fi
rm -f $state/is-enabled $state/is-active
exit 0
