# Sourced on either side: what keepalived is configured for in the guest.

# configuration FURTHER-ADDRESS: below $disk, when that is set.
configuration() {
    cat >"${disk:-}/etc/keepalived/keepalived.conf" <<CONF
global_defs {
    enable_dbus
    enable_snmp_vrrp
    script_user root
}
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
    notify_master /etc/keepalived/master.sh
}
vrrp_instance MAIL {
    state BACKUP
    interface v0
    virtual_router_id 52
    use_vmac
    priority 110
    advert_int 1
    virtual_ipaddress {
        192.0.2.20/24
    }
}
CONF
}
