#!/bin/bash
# The module ip_vs is removed and loaded again while a daemon runs. Its generic netlink family then has another number.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20
lab_begin
node lb1 eth0=192.168.100.1/24
LBC_CONFIG=$T/lb.toml
printf 'role = "director"\ninterface = "eth0"\nvips = ["%s"]\n[[service]]\nvip = "%s"\nport = 80\ncheck = "none"\nreal_servers = ["192.168.100.3"]\n' \
  $VIP $VIP >"$LBC_CONFIG"
loaded() { X lb1 ipvsadm -Sn 2>/dev/null | grep -q -- "-r 192.168.100.3"; }
unload() {
  local others
  others=$(lsmod | grep -o '^ip_vs_[a-z_]*')
  [ -z "$others" ] || rmmod $others 2>/dev/null
  rmmod ip_vs 2>/dev/null
  ! lsmod | grep -q '^ip_vs '
}
start lb1
check "the table is there" within 15 loaded
X lb1 ipvsadm -C
within 15 unload || skip "the module cannot be removed"
modprobe -a l2tp_netlink tipc 2>/dev/null # other modules take the number
check "the daemon loads the module again, and the table" within 35 loaded
check "it lives" kill -0 "${DAEMON[lb1]}"
check_fails "no error about it" grep -q "internal error" "$T/lb1.log"
check "apply" lbc lb1 apply
