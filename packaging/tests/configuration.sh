# Sourced on either side: what keepalived is configured for in the guest.

# configuration FURTHER-ADDRESS: below $disk, when that is set.
configuration() {
    cat >"${disk:-}/etc/keepalived/keepalived.conf" <<CONF
vrrp_instance WEB {
    state BACKUP
    interface v0
    virtual_router_id 51
    priority 110
    advert_int 1
    virtual_ipaddress {
        192.0.2.10/24
        $1
    }
}
CONF
}
