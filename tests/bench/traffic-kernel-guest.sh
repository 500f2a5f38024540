#!/bin/bash
# The part of tests/bench/traffic-kernel in the guest: writes lines "cell", "held" and "late" to $LAB_OUT/results.
# There is no lbconverge in it, only ipvsadm: what the kernel itself does when the table is changed.
. "$(dirname "$0")/../lab/lab.sh"
# ovf1000: ovf with weight 1000
read -r -a schedulers <<<"${LBCONVERGE_SCHEDULERS:-rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf ovf1000 mh}"
servers=(3 4 5) # ws1, ws2, ws3; ws1 dies
client_count=12
results=$LAB_OUT/results
: >"$results"

# Kinds of services: NAME PROTOCOL FIRST_PORT PERSISTENT SOURCE_PORT. Those with an "h" hold their connections, those
# with an "l" begin them after the death and before the change; they have services of their own, for they would count
# for the schedulers that look at connections.
kinds='tcp tcp 8000 0 0
tcp-p tcp 8100 1 0
tcpfix tcp 8200 0 4000
udp udp 8000 0 4000
udp-p udp 8100 1 4000
sctp sctp 8300 0 0
sctp-p sctp 8400 1 0
htcp tcp 8500 0 0
htcp-p tcp 8600 1 0
hsctp sctp 8700 0 0
ltcp tcp 8800 0 0
ltcp-p tcp 8900 1 0'

# ---- the lab ----------------------------------------------------------------------------------------------------

# One awk makes all files of a run, for a process costs milliseconds in the guest: the table in the form of ipvsadm -R,
# the change, its undoing, the lists for crowd, and the ports of the servers.
write_files() {
  awk -v family="$family" -v vip="$VIP" -v method="$method" -v action="$action" -v list="${schedulers[*]}" \
    -v servers="${servers[*]}" -v sctp="$sctp" -v to="$T" '
    function host(n) { return family == 6 ? "[fd00::" n "]" : "192.168.100." n }
    BEGIN {
      count = split(list, scheduler, " "); split(servers, rs, " ")
      option["tcp"] = "-t"; option["udp"] = "-u"; option["sctp"] = "--sctp-service"
      way = method ~ /^dr/ ? "-g" : method ~ /^masq/ ? "-m" : "-i"
    }
    FILENAME ~ /order$/ { first[$1] = $2; next }
    $2 == "sctp" && !sctp { next }
    {
      for (i = 1; i <= count; i++) {
        label = $1 "." scheduler[i]; port = $3 + i; name = scheduler[i]
        weight = sub(/1000/, "", name) ? 1000 : 1
        at = option[$2] " " host(20) ":" port
        flags = $4 ? " -p 300" : ""
        if (action ~ /fallback/ && name ~ /^(mh|sh)$/) flags = flags " -b " name "-fallback"
        print "-A " at " -s " name flags >(to "/table")
        f = first[label] ? first[label] : rs[1]
        for (j = 1; j <= 3; j++) {
          r = j == 1 ? f : rs[j] == f ? rs[1] : rs[j]
          print "-a " at " -r " host(r) ":" port " " way " -w " weight >(to "/table")
        }
        row = at " -r " host(rs[1]) ":" port
        if (action ~ /^w0/) {
          print "-e " row " " way " -w 0" >(to "/act")
          print "-e " row " " way " -w " weight >(to "/undo")
        } else if (action ~ /^remove/) {
          print "-d " row >(to "/act")
          print "-a " row " " way " -w " weight >(to "/undo")
        }
        which = $1 ~ /^h/ ? "/hold" : $1 ~ /^l/ ? "/begun" : "/asked"
        line = label " " $2 " " vip " " port " " ($5 ? $5 + i : 0)
        print line >(to which)
        print line >(to "/all")
        print port ($2 == "sctp" ? "/sctp" : "") >(to "/ports")
      }
    }' "$T/order" "$T/kinds"
  sort -u "$T/ports" -o "$T/ports"
  touch "$T/act" "$T/undo"
}

declare -A NUMBER=([lb1]=2 [ws1]=3 [ws2]=4 [ws3]=5)
build() {
  local name i
  lab_begin
  echo "$kinds" >"$T/kinds"
  : >"$T/order"
  node client enp5s0f0=192.168.100.10/24
  for ((i = 0; i < client_count; i++)); do
    printf 'addr add 192.168.100.%d/24 dev enp5s0f0\naddr add fd00::%x/64 dev enp5s0f0 nodad\n' $((101 + i)) $((257 + i))
  done >"$T/sources"
  ip -n client -batch "$T/sources"
  VIP=192.168.100.20 plen=32
  [ "$family" = 4 ] || VIP=fd00::20 plen=128
  action='' write_files
  for name in ws1 ws2 ws3; do prepare_server $name; done
}

# The real server has the VIP, or for masquerading its way back through the director.
prepare_server() {
  local name=$1
  node "$name" "enp5s0f0=192.168.100.${NUMBER[$name]}/24,fd00::${NUMBER[$name]}/64"
  case $method in
    masq*)
      ip -n "$name" route add 192.168.100.96/27 via 192.168.100.2
      ip -n "$name" route add fd00::100/120 via fd00::2 ;;
    *)
      X "$name" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
      ip -n "$name" addr add "$VIP/$plen" dev lo ;;
  esac
  if [ "$method" = tun ]; then
    ip -n "$name" link add tunnel type ipip local "192.168.100.${NUMBER[$name]}"
    ip -n "$name" link set tunnel up
    X "$name" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunnel.rp_filter=0
  fi
}

# A director without any history: a network namespace has its own connections, and its own list of removed servers.
new_director() {
  local name
  if [ -e /run/netns/lb1 ]; then
    for name in ws1 ws2 ws3; do unserve $name; done
    ip link delete lb1.0
    ip netns delete lb1
    rm -rf /run/lab/lb1
  fi
  sleep 0.5 # a server that was killed frees its ports a little later
  node lb1 enp5s0f0=192.168.100.2/24,fd00::2/64
  ip -n lb1 addr add "$VIP/$plen" dev enp5s0f0
  X lb1 sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
    net.ipv4.conf.enp5s0f0.send_redirects=0 net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  rm -f "$T"/{table,act,undo,hold,begun,asked,all,ports,go}
  write_files
  set_sysctls
  restore "$T/table"
  for name in ws1 ws2 ws3; do # without the connections of the run before
    # shellcheck disable=SC2046  # one word per port
    serve $name $(<"$T/ports")
  done
}

restore() { X lb1 ipvsadm -R <"$1" || abort "ipvsadm -R: $1"; }

set_sysctls() {
  local vs=net.ipv4.vs
  [[ $action != *quiescent* ]] || X lb1 sysctl -qw $vs.expire_quiescent_template=1
  [[ $action != *nodest* ]] || X lb1 sysctl -qw $vs.expire_nodest_conn=1
  [[ $action != *conntrack* ]] || X lb1 sysctl -qw $vs.conntrack=1
  [[ $action != *reuse0* ]] || X lb1 sysctl -qw $vs.conn_reuse_mode=0
}

# ---- the clients ------------------------------------------------------------------------------------------------

crowd() { X client "$LAB_TOOLS/crowd" "$(if [ "$family" = 6 ]; then echo fd00::101; else echo 192.168.100.101; fi)" $client_count "$@"; }
once() { crowd "$T/asked" once 800 >"$T/$1" || abort "crowd: $1"; }

# Services in which ws1 serves nobody (dh, fo and the like: it depends on the order) get it in the place of the server
# that serves most: they are to be those of the server that dies.
prefer_ws1() {
  awk '{
    split("", n); for (i = 2; i <= NF; i++) n[$i]++
    if (!n["ws1"]) print $1, (n["ws2"] >= n["ws3"] ? 4 : 5) }' "$1" >"$T/order"
  [ -s "$T/order" ]
}

# What a line of "cell" has: method, action, label, clients of ws1 before, lost by the first and the second request,
# of those of other servers how many have moved, and how many there were, whether all clients had the same server twice
# before, how many are where they were after the return, and how many are lost then.
compare() {
  paste -d' ' "$T/before" "$T/again" "$T/after" "$T/after2" "$T/back" | awk -v what="$method $action" '{
    w = NF / 5; dead = lost = lost2 = moved = others = back = lostback = 0; sticky = 1
    for (i = 2; i <= w; i++) {
      b = $i; g = $(w + i); a = $(2 * w + i); a2 = $(3 * w + i); r = $(4 * w + i)
      if (b != g) sticky = 0
      if (a == "-" || a == "x") lost++
      if (a2 == "-" || a2 == "x") lost2++
      if (r == "-" || r == "x") lostback++
      if (b == "ws1") dead++
      else { others++; if (a != b) moved++ }
      if (r == b) back++
    }
    print "cell", what, $1, dead, lost, lost2, moved, others, sticky, back, lostback
  }' >>"$results"
}
# Of the connections of ws1: how many went on, were reset, hang; of the others: how many did not go on.
compare_held() {
  awk -v what="$method $action" '!/^ready/ {
    ok = reset = hang = broken = most = 0
    for (i = 2; i <= NF; i++) {
      split($i, p, /[=:]/)
      if (p[1] !~ /^ws/) continue
      if (p[1] != "ws1") { if (p[2] != "ok") broken++; continue }
      if (p[2] == "ok") ok++
      if (p[2] == "reset") { reset++; if (p[3] > most) most = p[3] }
      if (p[2] == "hang") hang++
    }
    print "held", what, $1, ok, reset, hang, most, broken
  }' "$T/held" >>"$results"
}
compare_late() {
  awk -v what="$method $action" '{
    lost = 0; for (i = 2; i <= NF; i++) if ($i == "-" || $i == "x") lost++
    print "late", what, $1, lost }' "$T/late" >>"$results"
}

# ---- one run ----------------------------------------------------------------------------------------------------

die_now() { if [[ $action == *process* ]]; then unserve ws1; else cable_pull ws1; fi; }

run() { # METHOD ACTION
  method=$1 action=$2 family=4
  local hold late
  case $method in *6) family=6 ;; esac
  if [ "$built" != "$method" ]; then
    build
    new_director
    crowd "$T/all" once 800 >"$T/first"
    ! prefer_ws1 "$T/first" || new_director
    built=$method
  else
    new_director
  fi
  once before
  once again
  mkfifo "$T/go"
  crowd "$T/hold" hold 3 <"$T/go" >"$T/held" & hold=$!
  exec {go}>"$T/go"
  within 10 grep -q ready "$T/held" || abort "no connections to hold"
  die_now
  crowd "$T/begun" once 4500 >"$T/late" & late=$!
  sleep 0.6
  restore "$T/act"
  echo go >&"$go"
  sleep 0.5
  once after
  once after2
  wait $hold $late
  exec {go}>&-
  compare_held
  compare_late
  if [[ $action == *process* ]]; then
    # shellcheck disable=SC2046
    serve ws1 $(<"$T/ports")
  else cable_plug ws1; fi
  restore "$T/undo"
  sleep 1
  once back
  compare
  mkdir -p "$LAB_OUT/raw/$method-$action"
  cp "$T"/{before,again,after,after2,back,held,late} "$LAB_OUT/raw/$method-$action/"
  echo "$method $action ($SECONDS s)"
}

modprobe -q ip_vs
sctp=''
! modprobe -q sctp || sctp=1
built=''
for each; do run "${each%:*}" "${each#*:}"; done
ok "measured"
