#!/bin/bash
# All schedulers of a file are loaded on demand. The kernel loads ip_vs_lblc and ip_vs_lblcr while IPVS is locked. If a
# network namespace ends meanwhile (as the one does in which lbconverge tries schedulers), each of the two waits for the
# other for ever.
. "$(dirname "$0")/../lab.sh"
lab_begin
node lb1 eth0=192.168.100.1/24
LBC_CONFIG=$T/lb.toml
order=(rr wrr lc lblc wlc dh lblcr sh mh sed nq fo ovf)
{
  printf 'role = "director"\ninterface = "eth0"\nvips = ["192.168.100.20"]\n'
  port=8000
  for scheduler in "${order[@]}"; do
    printf '[[service]]\nvip = "192.168.100.20"\nport = %s\nscheduler = "%s"\nreal_servers = ["192.168.100.3"]\n' $((++port)) "$scheduler"
  done
} >"$LBC_CONFIG"
modprobe -q ip_vs
loaded() { lsmod | grep -c '^ip_vs_[a-z]* ' || true; }
# The namespace of an earlier test may not have ended yet.
none() { for each in "${order[@]}"; do modprobe -q -r "ip_vs_$each"; done; [ "$(loaded)" = 0 ]; }
check "no scheduler is loaded before" within 20 none
check_exit "services with all schedulers" 0 lbc lb1 apply
check_eq "they are in the kernel" 13 "$(X lb1 ipvsadm -Ln | grep -c '^TCP')"
check_eq "and all their schedulers" "${#order[@]}" "$(loaded)"
