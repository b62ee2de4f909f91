"""The life of a highly available router's keepalived, as neutron's l3 agent manages it."""

import os
import signal
import subprocess
import time

from neutron import privileged
from neutron.agent.linux import external_process
from neutron.agent.linux import keepalived
from neutron.common import config as common_config
from neutron.conf.agent import common as agent_conf
from neutron.conf.agent.l3 import keepalived as keepalived_conf
from neutron.conf.agent.l3 import ha
from oslo_config import cfg

# The agent has a helper that runs commands as root; this is root already.
privileged.default.set_client_mode(False)
common_config.register_common_config_options()
agent_conf.register_external_process_opts()
for register in (ha.register_l3_agent_ha_opts, keepalived_conf.register_l3_agent_keepalived_opts):
    register()
agent_conf.register_root_helper(cfg.CONF)
cfg.CONF([], project="neutron")

ROUTER = "8a3b2ad7-9a0a-4f2c-8c44-2f1a8ce0a4f1"
CONFS = "/run/ha_confs"
INTERFACE = "ens192"


def wait_for(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("not in time: " + what)
        time.sleep(0.02)


def has(address):
    shown = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True, check=True)
    return " %s/" % address in shown.stdout


def has_route(text):
    shown = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True)
    return text in shown.stdout


instance = keepalived.KeepalivedInstance(
    "BACKUP", INTERFACE, 50, ["169.254.192.0/18"], advert_int=1, nopreempt=True,
    mcast_src_ip="10.150.160.30", garp_primary_delay=keepalived.GARP_PRIMARY_DELAY)
if hasattr(instance, "set_authentication"):  # not in the newest releases
    instance.set_authentication("PASS", "secret12")
instance.track_interfaces.append(INTERFACE)
instance.add_vip("10.150.160.32/32", INTERFACE, None)
conf = keepalived.KeepalivedConf()
conf.add_instance(instance)
monitor = external_process.ProcessMonitor(cfg.CONF, "router")
manager = keepalived.KeepalivedManager(ROUTER, conf, monitor, CONFS)

# Which words it may use.
assert keepalived._is_keepalived_use_no_track_supported(), "version not understood"

manager.spawn()
wait_for("both processes", manager.check_processes)
primary = instance.get_primary_vip().split("/")[0]
wait_for("the addresses", lambda: has(primary) and has("10.150.160.32"))
print("spawned")

# A floating address and a route: SIGHUP.
parent = manager.get_process().pid
instance.add_vip("10.150.160.33/32", INTERFACE, None)
instance.virtual_routes.gateway_routes = [
    keepalived.KeepalivedVirtualRoute("203.0.113.0/24", "10.150.160.31", INTERFACE)]
manager.spawn()
wait_for("the new address", lambda: has("10.150.160.33"))
wait_for("the route", lambda: has_route("203.0.113.0/24 via 10.150.160.31"))
assert manager.get_process().pid == parent, "another process after the reload"
assert has(primary) and has("10.150.160.32"), "addresses lost by the reload"
print("reloaded")

# The VRRP process dies: the parent starts it anew, and neutron sees both.
pid_file = manager.get_process().get_pid_file_name()
vrrp = manager._get_vrrp_process(manager.get_vrrp_pid_file_name(pid_file))
old = vrrp.pid
os.kill(old, signal.SIGKILL)
wait_for("another VRRP process", lambda: vrrp.pid not in (None, old) and manager.check_processes())
wait_for("the addresses again", lambda: has("10.150.160.33"))
print("respawned")

# The parent is killed, and neutron starts it anew at once, ending a VRRP process that is left.
os.kill(parent, signal.SIGKILL)
wait_for("the death of the parent", lambda: not manager.get_process().active)
manager.spawn()
wait_for("both processes again", manager.check_processes)
wait_for("the addresses after the crash", lambda: has(primary) and has("10.150.160.33"))
print("restarted")

pids = [manager.get_process().pid, vrrp.pid]
manager.disable()
wait_for("the end of both", lambda: not any(os.path.exists("/proc/%s" % pid) for pid in pids),
         keepalived.SIGTERM_TIMEOUT)
assert not has(primary) and not has("10.150.160.33"), "addresses are left"
print("done", flush=True)
# Threads of its libraries do not end by themselves.
os._exit(0)
