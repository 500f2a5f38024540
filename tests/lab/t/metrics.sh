#!/bin/bash
# The daemon serves metrics by HTTP, and says in one line how it is: of a master, a backup, a fault; by TCP, by IPv6 and
# by a unix socket; after a reload; counters of real packets. A run of apply writes them to a file.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

topo_four
LBC_CONFIG=$T/lb.toml
write() { # LINES: of [daemon]
  {
    sed '/^vrid = 51/a advert_interval = "200ms"' "$LAB_REPO/examples/four-nodes.toml"
    printf '[daemon]\n%s\n' "$1"
  } >"$LBC_CONFIG"
}
write ''
serve ws1
serve ws2
for name in ws1 ws2; do check "$name: apply" lbc $name apply; done

get() { X "$1" curl -sS --max-time 10 "${@:3}" "http://$2"; }              # NODE ADDRESS/PATH [OPTION...]
status_of() { get "$1" "$2" -o /dev/null -w '%{http_code}' "${@:3}"; }
metrics() { get lb1 127.0.0.1:9469/metrics; }
value() { metrics | awk -v name="$1" '{at = length($0) - length($NF); if (substr($0, 1, at - 1) == name) print $NF}'; }
is_value() { [ "$(value "$1")" = "$2" ]; }
row() { printf '%s{local_address="%s",local_port="80",proto="TCP",local_mark=""%s}' "$1" $VIP "${2:+,remote_address=\"$2\",remote_port=\"80\"}"; }
serves() { [ "$(status_of "$@" 2>/dev/null)" = 200 ]; }
health() { lbc lb1 health; }

# ---- with "none" nothing listens; health answers all the same --------------------------------------------------------
check_exit "without a daemon health is critical" 2 health
check_eq "and says why" "CRITICAL: no daemon is at work here" "$(health)"
write 'metrics = "none"'
start lb1
check "the daemon runs" within 10 lbc lb1 status
check_eq "nothing listens" "" "$(X lb1 ss -Hltn)"

# ---- a reload opens, moves and closes; without the key it is loopback ------------------------------------------------
write ''
check_exit "check has nothing to say" 0 lbc lb1 check
check "apply reads the file" lbc lb1 apply
check "the metrics are there" within 10 is_value 'lbconverge_vrrp_state{vrrp_instance="vrrp-51",state="master"}' 1
check_eq "and no other state" 0 "$(value 'lbconverge_vrrp_state{vrrp_instance="vrrp-51",state="backup"}')"
metrics >"$T/metrics"
check "the type is that of Prometheus" grep -qi '^content-type: text/plain; version=0.0.4' <<<"$(get lb1 127.0.0.1:9469/metrics -D - -o /dev/null)"
check_eq "healthz" 200 "$(status_of lb1 127.0.0.1:9469/healthz)"
check_exit "health" 0 health
check_eq "they say the same" "$(health)" "$(get lb1 127.0.0.1:9469/healthz)"
check_eq "nothing else is there" 404 "$(status_of lb1 127.0.0.1:9469/)"
check_eq "and nothing but GET" 405 "$(status_of lb1 127.0.0.1:9469/metrics -X POST)"
check_eq "other hosts cannot connect" 000 "$(status_of client 192.168.100.1:9469/healthz 2>/dev/null)"

# ---- what the kernel counts --------------------------------------------------------------------------------------------
check "the VIP is here" within 5 is_value 'lbconverge_vrrp_vips_bound{vrrp_instance="vrrp-51"}' 1
check_eq "requests" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
# The kernel adds up what its processors have counted every two seconds.
check "the service has counted them" within 5 is_value "$(row lbconverge_service_connections_total)" 10
check "each server its own" within 5 is_value "$(row lbconverge_backend_connections_total 192.168.100.3)" 5
check_eq "as ipvsadm says" "$(X lb1 ipvsadm -Ln --stats --exact | awk '$2 == "192.168.100.3:80" {print $6}')" \
  "$(value "$(row lbconverge_backend_incoming_bytes_total 192.168.100.3)")"
check_eq "the weight of the file" 1 "$(value "$(row lbconverge_backend_weight_configured 192.168.100.3)")"
check_eq "and that of the kernel" 1 "$(value "$(row lbconverge_backend_weight 192.168.100.3)")"
check "the check" within 5 is_value "$(row lbconverge_backend_up 192.168.100.3)" 1
check "a drain" lbc lb1 drain 192.168.100.3
check_eq "is seen" 1 "$(value "$(row lbconverge_backend_drained 192.168.100.3)")"
check_eq "in the weight" 0 "$(value "$(row lbconverge_backend_weight 192.168.100.3)")"
check "and taken back" lbc lb1 undrain 192.168.100.3

# ---- drift, a wrong file, a fault ----------------------------------------------------------------------------------------
before=$(value 'lbconverge_lane_repairs_total{lane="network"}')
X lb1 ip addr del $VIP/32 dev eth0
check "a VIP that was put back counts" within 5 is_value 'lbconverge_lane_repairs_total{lane="network"}' $((before + 1))
check_eq "the file is the one in use" 0 "$(value lbconverge_configuration_stale)"
cp "$LBC_CONFIG" "$T/good"
echo 'nonsense = 1' >>"$LBC_CONFIG"
check_eq "then another one" 1 "$(value lbconverge_configuration_stale)"
check_exit "which cannot be used" 65 lbc lb1 apply
check_eq "as the metrics say" 0 "$(value lbconverge_configuration_last_reload_successful)"
cp "$T/good" "$LBC_CONFIG"
check "the old one again" lbc lb1 apply
check_eq "it was read" 1 "$(value lbconverge_configuration_last_reload_successful)"
check_eq "and is in use" 0 "$(value lbconverge_configuration_stale)"
cable_pull lb1
check "without a link it is critical" within 5 eval 'health; [ $? = 2 ]'
check "and healthz says so" grep -q '^CRITICAL: vrrp-51 is in fault: ' <<<"$(get lb1 127.0.0.1:9469/healthz)"
check_eq "by the status, too" 503 "$(status_of lb1 127.0.0.1:9469/healthz)"
check_eq "the reason is counted" 1 "$(value 'lbconverge_vrrp_transitions_total{vrrp_instance="vrrp-51",reason="fault"}')"
cable_plug lb1
check "and good again" within 10 health

# ---- other places -----------------------------------------------------------------------------------------------------------
write 'metrics = "[::1]:9470"'
check "a reload" lbc lb1 apply
check "moves it" within 5 serves lb1 '[::1]:9470/healthz'
check_eq "and nothing is left" 000 "$(status_of lb1 127.0.0.1:9469/healthz 2>/dev/null)"
write $'metrics = "unix:/run/lbconverge.sock"\nmetrics_servers = false'
check "another reload" lbc lb1 apply
check "to a socket" within 5 serves lb1 x/healthz --unix-socket /run/lbconverge.sock
check_eq "without rows of servers" 0 "$(get lb1 x/metrics --unix-socket /run/lbconverge.sock | grep -c remote_address)"
check "but of services" grep -q '^lbconverge_service_connections_total{' <<<"$(get lb1 x/metrics --unix-socket /run/lbconverge.sock)"
write 'metrics = "0.0.0.0:9469"'
check "check warns of what others can reach" grep -q 'warning: whoever can reach 0.0.0.0:9469' <<<"$(lbc lb1 check 2>&1)"
check "a third one" lbc lb1 apply
check "others reach it" within 5 serves client 192.168.100.1:9469/healthz
check_fails "the socket is gone" X lb1 test -e /run/lbconverge.sock

# ---- without a daemon --------------------------------------------------------------------------------------------------------
check_exit "beside a daemon there is no file" 75 lbc lb1 apply --textfile "$T/lb1.prom"
stop lb1
check "apply writes a file" lbc lb1 apply --as master --textfile "$T/lb1.prom"
check "it says how it went" grep -qx 'lbconverge_lane_last_run_successful{lane="all"} 1' "$T/lb1.prom"
check "and what the kernel has counted" grep -q '^lbconverge_service_connections_total{' "$T/lb1.prom"
echo 'nonsense = 1' >>"$LBC_CONFIG"
check_exit "a file that cannot be used" 65 lbc lb1 apply --textfile "$T/lb1.prom"
check "is news, too" grep -qx 'lbconverge_lane_last_run_successful{lane="all"} 0' "$T/lb1.prom"
check_exit "where nothing can be written, nothing is done" 1 lbc lb1 apply --textfile "$T/nowhere/lb1.prom"

if promtool=$(command -v "${PROMTOOL:-promtool}"); then
  check_eq "promtool has nothing to say" "" "$("$promtool" check metrics <"$T/metrics" 2>&1)"
else
  echo "promtool (package prometheus) is not installed: the form was not checked by it"
fi
