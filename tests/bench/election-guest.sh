#!/bin/bash
# The part of tests/bench/election in the guest: writes lines "KEY VALUE..." to $LAB_OUT/results.
. "$(dirname "$0")/../lab/lab.sh"
runs=$1
VIP=192.168.100.20
intervals=(1000 100 20 10) # ms
events=(link kill stop return)
if [ "${LBCONVERGE_ELECTION:-}" = rest ]; then
  intervals=()
elif [ -n "${LBCONVERGE_ELECTION:-}" ]; then
  read -r -a intervals <<<"${LBCONVERGE_ELECTION%|*}"
  read -r -a events <<<"${LBCONVERGE_ELECTION#*|}"
fi
results=$LAB_OUT/results
: >"$results"
declare -A PRIORITY=([lb1]=150 [lb2]=100) RUNNING=()

# ---- the two sides --------------------------------------------------------------------------------------------

configure() { # SIDE INTERVAL_MS INSTANCES
  local name i
  for name in lb1 lb2; do "configure_$1" $name "$2" "$3"; done
}

configure_lbconverge() {
  local name=$1 interval=$2 count=$3 i
  {
    echo 'role = "director"'
    echo 'interface = "eth0"'
    for ((i = 1; i <= count; i++)); do
      printf '[[vip]]\naddress = "%s"\nvrrp = "V%d"\n' "$(vip $i)" $i
      printf '[[vrrp]]\nname = "V%d"\nvrid = %d\npriority = %d\nadvert_interval = "%dms"\n' $i $i "${PRIORITY[$name]}" "$interval"
    done
    printf '[[service]]\nvip = "%s"\nport = 80\nscheduler = "rr"\nreal_servers = ["192.168.100.3", "192.168.100.4"]\n' $VIP
    printf '[[service]]\nvip = "%s"\nport = 53\nprotocol = "udp"\nscheduler = "rr"\nreal_servers = ["192.168.100.3", "192.168.100.4"]\n' $VIP
  } >"$T/$name.toml"
}

configure_keepalived() {
  local name=$1 interval=$2 count=$3 i
  {
    printf 'global_defs {\n router_id %s\n vrrp_version 3\n}\n' "$name"
    for ((i = 1; i <= count; i++)); do
      printf 'vrrp_instance V%d {\n state BACKUP\n interface eth0\n virtual_router_id %d\n priority %d\n' $i $i "${PRIORITY[$name]}"
      printf ' advert_int %s\n virtual_ipaddress {\n  %s/32 dev eth0\n }\n}\n' "$(seconds "$interval")" "$(vip $i)"
    done
    for service in "80 TCP" "53 UDP"; do
      set -- $service
      printf 'virtual_server %s %s {\n lvs_sched rr\n lvs_method DR\n protocol %s\n' $VIP "$1" "$2"
      printf ' real_server 192.168.100.3 %s { weight 1 }\n real_server 192.168.100.4 %s { weight 1 }\n}\n' "$1" "$1"
    done
  } >"$T/$name.conf"
}

vip() { if [ "$1" = 1 ]; then echo $VIP; else echo "192.168.101.$1"; fi; }
seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

start() { # SIDE NODE
  case $1 in
    lbconverge) background "$2" "$LBCONVERGE" -c "$T/$2.toml" run >>"$T/$2.log" 2>&1 ;;
    keepalived) background "$2" keepalived -n -f "$T/$2.conf" -p "$T/$2.pid" -r "$T/$2.vrrp" -c "$T/$2.check" >/dev/null 2>&1 ;;
  esac
  RUNNING[$2]=$!
  disown $!
}
processes() { # SIDE NODE: all of the daemon's
  if [ "$1" = lbconverge ]; then echo "${RUNNING[$2]}"; else cat "$T/$2.pid" "$T/$2.vrrp" "$T/$2.check" 2>/dev/null; fi
}
stop() { # SIDE NODE SIGNAL
  local all
  all=$(processes "$1" "$2")
  # shellcheck disable=SC2086  # one word per process
  case $3 in KILL) kill -KILL $all ;; TERM) kill -TERM ${all%%$'\n'*} ;; esac
}
ended() { local p; for p in $1; do ! kill -0 "$p" 2>/dev/null || return 1; done; }
all_ended() { # SIDE NODE
  within 12 ended "$(processes "$1" "$2")" || abort "$1 on $2 does not end"
  rm -f "$T/$2.pid" "$T/$2.vrrp" "$T/$2.check"
}
has() { [[ "$(ip -n "$1" -br addr show dev eth0)" == *" $VIP/"* ]]; }
settled() { has lb1 && ! has lb2; }
settle() { within 30 settled || abort "$1 does not settle"; }

# ---- outages --------------------------------------------------------------------------------------------------

gap() { sed -n 's/.*fail=\([0-9]*\).*maxgap_ms=\([0-9.]*\).*/\2 \1/p' "$1"; }

measure() { # SIDE INTERVAL EVENT: the longest time without an answer, and the requests that failed
  local side=$1 interval=$2 event=$3 time=3 udp tcp
  [ "$interval" -lt 1000 ] || time=7
  X client "$LAB_TOOLS/pinger" udp $VIP 53 5 $time >"$T/udp" & udp=$!
  X client "$LAB_TOOLS/pinger" tcp $VIP 80 10 $time >"$T/tcp" & tcp=$!
  sleep 0.8
  case $event in
    link) cable_pull lb1 ;;
    kill) stop "$side" lb1 KILL ;;
    stop) stop "$side" lb1 TERM ;;
    return) start "$side" lb1 ;;
  esac
  wait $udp $tcp
  echo "outage $side $interval $event $(gap "$T/udp") $(gap "$T/tcp")" >>"$results"
}

# A killed daemon is also cut off: what is left of it in the kernel would go on serving.
events_of() { # SIDE INTERVAL
  local side=$1 interval=$2 event
  for event in "${events[@]}"; do
    case $event in
      link)
        measure "$side" "$interval" link
        cable_plug lb1 ;;
      kill)
        measure "$side" "$interval" kill
        all_ended "$side" lb1
        start "$side" lb1 ;;
      stop)
        measure "$side" "$interval" stop
        all_ended "$side" lb1
        if [[ " ${events[*]} " == *" return "* ]]; then measure "$side" "$interval" return; else start "$side" lb1; fi ;;
    esac
    settle "$side"
    sleep 0.5
  done
}

outages() {
  local run interval side
  for interval in "${intervals[@]}"; do
    for ((run = 1; run <= runs; run++)); do
      for side in lbconverge keepalived; do
        configure $side "$interval" 1
        start $side lb1
        start $side lb2
        settle $side
        sleep 0.5
        events_of $side "$interval"
        stop $side lb2 TERM
        all_ended $side lb2
        stop $side lb1 TERM
        all_ended $side lb1
        X lb1 ipvsadm -C
        X lb2 ipvsadm -C
      done
      echo "interval $interval ms, run $run of $runs (${SECONDS} s)"
    done
  done
}

# ---- 254 instances --------------------------------------------------------------------------------------------

vips() { ip -n "$1" -o -4 addr show dev eth0 | grep -c ' 192\.168\.10[01]\.[0-9]*/32'; }
count_is() { [ "$(vips "$1")" = "$2" ]; }
all_on_lb1() { count_is lb1 $1 && count_is lb2 0; }
cpu_ms() { local p total=0; for p in $1; do total=$((total + $(awk '{print $14 + $15}' "/proc/$p/stat"))); done; echo $((total * 10)); }
peak_kb() { local p total=0; for p in $1; do total=$((total + $(awk '/^VmHWM/ {print $2}' "/proc/$p/status"))); done; echo $total; }

# Both start together; transitions to master on lb2 are needless. Then lb1's cable is cut.
many() { # SIDE
  local side=$1 count=254 began before after needless
  configure "$side" 100 $count
  : >"$T/lb2.log"
  background lb2 ip -ts -o monitor address >"$T/lb2.addresses" 2>&1
  start "$side" lb1
  start "$side" lb2
  within 40 all_on_lb1 $count || { echo "$side: 254 do not settle: $(vips lb1) $(vips lb2)"; }
  sleep 2
  needless=$(grep -v Deleted "$T/lb2.addresses" | grep -c ' 192\.168\.10[01]\.[0-9]*/32')
  before=$(cpu_ms "$(processes "$side" lb1)")
  sleep 10
  after=$(cpu_ms "$(processes "$side" lb1)")
  echo "many $side needless $needless" >>"$results"
  echo "many $side cpu_percent $(((after - before) / 100))" >>"$results"
  echo "many $side peak_kb $(peak_kb "$(processes "$side" lb1)")" >>"$results"
  : >"$T/lb2.addresses"
  began=${EPOCHREALTIME/./}
  cable_pull lb1
  within 20 count_is lb2 $count
  echo "many $side moved_ms $(((${EPOCHREALTIME/./} - began) / 1000))" >>"$results"
  cable_plug lb1
  within 30 all_on_lb1 $count
  stop "$side" lb1 TERM
  stop "$side" lb2 TERM
  all_ended "$side" lb1
  all_ended "$side" lb2
  ip netns pids lb2 | xargs -r kill 2>/dev/null
  ip -n lb2 addr flush dev eth0 to 192.168.101.0/24
  ip -n lb1 addr flush dev eth0 to 192.168.101.0/24
}

# ---- evenness -------------------------------------------------------------------------------------------------

# A master with a small table gets one of 10,000 services of 10 real servers by a reload; the peer writes down when the
# advertisements come, every 100 ms.
large() { # SIDE: appends the services to lb1's file
  awk -v side="$1" -v vip=$VIP 'BEGIN {
    for (s = 1; s <= 10000; s++) {
      if (side == "lbconverge") {
        printf "[[service]]\nvip = \"%s\"\nport = %d\nscheduler = \"rr\"\nreal_servers = [", vip, 10000 + s
        for (r = 1; r <= 10; r++) printf "\"192.168.100.%d\", ", 20 + r
        print "]"
      } else {
        printf "virtual_server %s %d {\n lvs_sched rr\n lvs_method DR\n protocol TCP\n", vip, 10000 + s
        for (r = 1; r <= 10; r++) printf " real_server 192.168.100.%d %d { weight 1 }\n", 20 + r, 10000 + s
        print "}"
      }
    }
  }'
}
services() { X lb1 wc -l /proc/net/ip_vs | cut -d' ' -f1; }
loaded() { [ "$(services)" -gt 109000 ]; }

spread() { # SIDE
  local side=$1
  configure "$side" 100 1
  start "$side" lb1
  start "$side" lb2
  settle "$side"
  background lb2 tcpdump -tt -l --immediate-mode -B 8192 -nni eth0 'ip proto 112 and src host 192.168.100.1' \
    >"$T/adverts" 2>/dev/null
  local tcpdump=$!
  sleep 0.5
  if [ "$side" = lbconverge ]; then large "$side" >>"$T/lb1.toml"; else large "$side" >>"$T/lb1.conf"; fi
  case $side in
    lbconverge) kill -HUP "${RUNNING[lb1]}" ;;
    keepalived) kill -HUP "$(cat "$T/lb1.pid")" ;;
  esac
  within 120 loaded || echo "$side: the table is not loaded: $(services) lines"
  sleep 1
  kill "$tcpdump"
  awk -v side="$side" '/^[0-9]/ {
      if (last) { d = ($1 - last) * 1000; n++; if (d > most) most = d; if (d > 110) late++ }
      last = $1
    } END { print "spread", side, "longest_ms", most; print "spread", side, "late_per_mille", n ? late * 1000 / n : 0 }' \
    "$T/adverts" >>"$results"
  echo "spread $side lb2_took_over $(has lb2 && echo 1 || echo 0)" >>"$results"
  stop "$side" lb2 TERM
  stop "$side" lb1 TERM
  within 30 ended "$(processes "$side" lb1)" || stop "$side" lb1 KILL
  all_ended "$side" lb2
  rm -f "$T"/lb1.{pid,vrrp,check}
  X lb1 ipvsadm -C
}

topo_four
serve ws1 80 53
serve ws2 80 53
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  X $name ip addr add $VIP/32 dev lo
done
outages
if [ "${LBCONVERGE_ELECTION:-rest}" = rest ]; then
  for ((run = 1; run <= (runs + 1) / 2; run++)); do
    for side in lbconverge keepalived; do many $side; done
    echo "254 instances, run $run ($SECONDS s)"
  done
  # Last, and once: the kernel remembers removed real servers for minutes, and each new one is looked for there.
  for name in ws1 ws2; do unserve $name; done
  for side in lbconverge keepalived; do
    topo_four
    spread $side
  done
fi
ok "measured"
