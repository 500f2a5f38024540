# shellcheck shell=bash
# Functions for what clients see: sourced by t/traffic-*.sh and by tests/bench/traffic-guest.sh after lab.sh.
# traffic_lab builds directors, real servers and one node with the addresses of twelve clients; traffic_services chooses
# the services; ours and theirs write them for lbconverge and for keepalived; crowd is all clients.
VIP=192.168.100.20 FIRST_CLIENT=192.168.100.101 PREFIX=24
CLIENTS=12
declare -A ADDRESS=([lb1]=192.168.100.1 [lb2]=192.168.100.2 [ws1]=192.168.100.3 [ws2]=192.168.100.4 [ws3]=192.168.100.5)
declare -A PRIORITY=([lb1]=150 [lb2]=100) WEIGHT=([ws1]=1 [ws2]=1 [ws3]=1)

# traffic_ipv6: the same with IPv6 addresses. To be called first.
traffic_ipv6() {
  VIP=2001:db8::20 FIRST_CLIENT=2001:db8::101 PREFIX=64
  ADDRESS=([lb1]=2001:db8::1 [lb2]=2001:db8::2 [ws1]=2001:db8::3 [ws2]=2001:db8::4 [ws3]=2001:db8::5)
}

# traffic_lab NODE...: the client, and these directors and real servers.
traffic_lab() {
  local name i address addresses=''
  lab_begin
  for ((i = 0; i < CLIENTS; i++)); do
    case $FIRST_CLIENT in
      *:*) printf -v address '%s%x' "${FIRST_CLIENT%101}" $((0x101 + i)) ;;
      *) address=${FIRST_CLIENT%101}$((101 + i)) ;;
    esac
    addresses+=${addresses:+,}$address/$PREFIX
  done
  node client "eth0=$addresses"
  for name; do
    node "$name" "eth0=${ADDRESS[$name]}/$PREFIX"
    case $name in
      ws*)
        X "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
        X "$name" ip addr add $VIP dev lo ;;
    esac
  done
  case $VIP in *:*) sleep 3 ;; esac # until no address is tentative any more
}

# traffic_services "SCHEDULER..." "KIND...": KIND is a protocol, with "-p" if clients persist. Writes $T/services, lines
# LABEL PROTOCOL VIP PORT SOURCE_PORT SCHEDULER PERSISTENT; $T/clients, the same for crowd; and $T/ports for the servers.
traffic_services() {
  awk -v vip=$VIP -v schedulers="$1" -v kinds="$2" -v to="$T" 'BEGIN {
    m = split(kinds, kind, " "); n = split(schedulers, scheduler, " ")
    for (k = 1; k <= m; k++) for (s = 1; s <= n; s++) {
      protocol = kind[k]; persistent = sub(/-p$/, "", protocol)
      port = 8000 + 100 * persistent + s
      line = kind[k] "." scheduler[s] " " protocol " " vip " " port " " (protocol == "udp" ? 4000 + 100 * k + s : 0)
      print line >(to "/clients")
      print line, scheduler[s], persistent >(to "/services")
      print port >(to "/ports")
      if (protocol == "sctp") print port "/sctp" >(to "/ports")
    }
  }'
  sort -u "$T/ports" -o "$T/ports"
}

# traffic_serve NODE...: real servers with all ports of the services.
traffic_serve() {
  local name
  # shellcheck disable=SC2046  # one word per port
  for name; do serve "$name" $(<"$T/ports"); done
}

crowd() { X client "$LAB_TOOLS/crowd" $FIRST_CLIENT $CLIENTS "$T/clients" "$@"; }

# lost FILE: how many requests of crowd's table got no answer.
lost() { awk '{ for (i = 2; i <= NF; i++) if ($i == "-" || $i == "x") n++ } END { print n + 0 }' "$1"; }

# The variables that both writers use: POOL (real servers), CHECK_PORT (that of the service if empty), OTHER_SCHEDULERS,
# FALLBACK and SYNC (empty: no), DIRECTORS.
POOL='ws1 ws2 ws3' CHECK_PORT='' OTHER_SCHEDULERS='' FALLBACK='' SYNC='' DIRECTORS='lb1 lb2'

# ours: the services on stdout, as the file of lbconverge.
ours() {
  local name
  printf 'interface = "eth0"\nvips = ["%s"]\n[nodes]\n' $VIP
  for name in $DIRECTORS; do
    printf '%s = { role = "director", address = "%s", priority = %s }\n' "$name" "${ADDRESS[$name]}" "${PRIORITY[$name]}"
  done
  for name in ws1 ws2 ws3; do printf '%s = { role = "real-server", address = "%s" }\n' $name "${ADDRESS[$name]}"; done
  case $DIRECTORS in
    *' '*)
      printf '[[vrrp]]\nvrid = 51\nadvert_interval = "100ms"\n'
      [ -z "$SYNC" ] || printf '[ipvs.sync]\nid = 7\nfollow = "vrrp-51"\n' ;;
  esac
  traffic_awk '{
    printf "[[service]]\nname = \"%s\"\nvip = \"%s\"\nport = %d\nprotocol = \"%s\"\nscheduler = \"%s\"\n", $1, $3, $4, $2, scheduler($6)
    if ($7) print "persistence = \"300s\""
    if (flag(scheduler($6))) printf "scheduler_flags = [\"%s\"]\n", flag(scheduler($6))
    printf "real_servers = ["
    for (i = 1; i <= n; i++) {
      w = weight[i] * ($6 == "ovf" ? 1000 : 1)
      printf "%s%s", (i > 1 ? ", " : ""), (w == 1 ? "\"" pool[i] "\"" : "{ address = \"" address[i] "\", weight = " w " }")
    }
    printf "]\ncheck = { type = \"tcp\", %sinterval = \"200ms\", timeout = \"200ms\", fall = 3 }\n", (port ? "port = " port ", " : "")
  }'
}

# theirs NODE [BEST]: the same for keepalived. BEST: its checks as quick as ours, instead of its own retries and delays.
theirs() {
  printf 'global_defs {\n  router_id %s\n  vrrp_version 3\n' "$1"
  [ -z "$SYNC" ] || printf '  lvs_sync_daemon eth0 V id 7\n'
  printf '}\nvrrp_instance V {\n  state BACKUP\n  interface eth0\n  virtual_router_id 51\n  priority %s\n' "${PRIORITY[$1]}"
  printf '  advert_int 0.1\n  virtual_ipaddress {\n    %s/32 dev eth0\n  }\n}\n' $VIP
  traffic_awk -v best="${2:-}" '{
    printf "virtual_server %s %d {\n  lvs_sched %s\n  lvs_method DR\n  protocol %s\n", $3, $4, scheduler($6), toupper($2)
    print "  delay_loop " (best ? 0.2 : 1)
    if ($7) print "  persistence_timeout 300"
    if (flag(scheduler($6))) print "  " flag(scheduler($6))
    for (i = 1; i <= n; i++) {
      printf "  real_server %s %d {\n    weight %d\n    TCP_CHECK {\n", address[i], $4, weight[i]
      if (port) printf "      connect_port %d\n", port
      print "      connect_timeout " (best ? "0.2\n      retry 2\n      delay_before_retry 0.2" : 1)
      print "    }\n  }"
    }
    print "}"
  }'
}

traffic_awk() {
  local name addresses='' weights=''
  for name in $POOL; do addresses+=" ${ADDRESS[$name]}" weights+=" ${WEIGHT[$name]}"; done
  # shellcheck disable=SC2016  # the dollars are awk's
  awk -v pools="$POOL" -v addresses="$addresses" -v weights="$weights" -v port="$CHECK_PORT" -v others="$OTHER_SCHEDULERS" \
    -v fallback="$FALLBACK" "${@:1:$#-1}" '
    BEGIN {
      n = split(pools, pool, " "); split(addresses, address, " "); split(weights, weight, " ")
      other["rr"] = "wrr"; other["wlc"] = "lc"; other["sh"] = "mh"; other["mh"] = "sh"; other["dh"] = "sh"
    }
    function scheduler(name) { return others && name in other ? other[name] : name }
    function flag(name) { return fallback && name ~ /^(mh|sh)$/ ? name "-fallback" : "" }
    '"${*: -1}" "$T/services"
}
