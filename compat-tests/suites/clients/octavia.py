"""An amphora: octavia's own template, and the life that its agent and its unit give the daemon."""

import os
import signal
import subprocess
import time
from types import SimpleNamespace

from octavia.amphorae.drivers.keepalived.jinja import jinja_cfg
from octavia.common import config  # noqa: F401 - makes its options known
from octavia.common import constants

CONF, PID, VRRP_PID, CHECK_PID = (
    "/run/octavia-keepalived.conf", "/run/octavia-keepalived.pid", "/run/octavia-vrrp.pid",
    "/run/octavia-check.pid")
CHECK = "/run/check_script.sh"


def wait_for(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("not in time: " + what)
        time.sleep(0.02)


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def first_line(path):
    with open(path, encoding="utf-8") as pid_file:
        return int(pid_file.readline())


def is_running():
    """As the agent asks before it starts or reloads."""
    try:
        os.kill(first_line(PID), 0)
        return True
    except (OSError, ValueError):
        return False


subnet = {"cidr": "10.150.160.0/24", "gateway_ip": "10.150.160.31",
          # keepalived 2.2.7 refuses the word by which the template gives their gateway.
          "host_routes": []}
amphora = SimpleNamespace(
    status=constants.AMPHORA_ALLOCATED, vrrp_ip="10.150.160.30", role="MASTER",
    vrrp_interface="ens192", vrrp_id=50, vrrp_priority=100)
other = SimpleNamespace(status=constants.AMPHORA_ALLOCATED, vrrp_ip="10.150.160.31")
balancer = SimpleNamespace(
    vip=SimpleNamespace(ip_address="10.150.160.32"), amphorae=[amphora, other],
    vrrp_group=SimpleNamespace(
        vrrp_group_name="a1b2c3", vrrp_auth_type="PASS", vrrp_auth_pass="secret1", advert_int=1))
network = {"vip_subnet": subnet, "additional_vip_data": []}
text = jinja_cfg.KeepalivedJinjaTemplater().build_keepalived_config(balancer, amphora, network)
checks = [line for line in text.splitlines() if line.strip().startswith("script /")]
assert len(checks) == 1, text
text = text.replace(checks[0].split()[1], CHECK)
with open(CHECK, "w", encoding="utf-8") as script:
    script.write("#!/bin/bash\nexit 0\n")
os.chmod(CHECK, 0o755)
with open(CONF, "w", encoding="utf-8") as conf:
    conf.write(text)

for more, files in (([], [PID]), (["-r", VRRP_PID, "-c", CHECK_PID], [PID, VRRP_PID])):
    # Type=forking: the starter ends, and the pid file is there soon.
    command = ["keepalived", "--log-facility=1", "-f", CONF, "-p", PID, *more]
    assert subprocess.run(command, timeout=20, check=False).returncode == 0, command
    wait_for("pid files", lambda: all(map(os.path.exists, files)) and is_running())
    wait_for("the address", lambda: " 10.150.160.32/" in ip("-o", "addr"))
    wait_for("its routes", lambda: "default via 10.150.160.31" in ip("route", "show", "table", "1"))
    assert "from 10.150.160.32 lookup 1" in ip("rule", "show"), ip("rule", "show")
    pid = first_line(PID)
    os.kill(pid, signal.SIGHUP)
    time.sleep(1)
    assert is_running() and first_line(PID) == pid, "not the same process after the reload"
    assert " 10.150.160.32/" in ip("-o", "addr"), "the address is lost by the reload"
    os.kill(pid, signal.SIGTERM)
    wait_for("the end", lambda: not os.path.exists("/proc/%d" % pid))
    assert " 10.150.160.32/" not in ip("-o", "addr"), "the address is left"
    assert "10.150.160.32" not in ip("rule", "show"), "the rule is left"
    for path in (PID, VRRP_PID, CHECK_PID):
        # The agent removes what is left.
        assert not os.path.exists(path), path + " is left"
    print("once")
print("done")
