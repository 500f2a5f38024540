#!/bin/bash
# Scenario S3, three web servers that balance among themselves: which node has the VIP and the table, one fail-over
# after the other, and no packet that loops.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.0.254
nodes=(web1 web2 web3)

lab_begin
node client bond0=192.168.0.10/24
for i in 1 2 3; do node web$i bond0=192.168.0.$i/24; serve web$i 80 53; done
LBC_CONFIG=$LAB_REPO/examples/s3-self-balancing.toml
check "check accepts the example without a word" test -z "$(lbc web1 check | grep -E 'warning|error')"

LBC_CONFIG=$T/s3.toml
sed '/^vrid = 51/a advert_interval = "200ms"' "$LAB_REPO/examples/s3-self-balancing.toml" >"$LBC_CONFIG"
printf '[[service]]\nvip = "%s"\nport = 53\nprotocol = "udp"\nscheduler = "rr"\n' $VIP >>"$LBC_CONFIG"
printf 'real_servers = ["web1", "web2", "web3"]\n' >>"$LBC_CONFIG"

places() { # NODE: the places at which it has the VIP
  X "$1" ip -o -4 addr show to $VIP/32 | awk '{ print $2, $4, ($5 == "scope" ? $6 : $8) }' | sort | paste -sd';'
}
servers() { X "$1" ipvsadm -Sn | grep -c -- '-a '; }
# The number of packets, on all nodes, that looped until their time to live was over (Ip InHdrErrors).
circles() {
  local name sum=0
  for name in "${nodes[@]}"; do
    sum=$((sum + $(X "$name" awk '$1 == "Ip:" && $5 ~ /[0-9]/ { print $5 }' /proc/net/snmp)))
  done
  echo $sum
}
master_is() { [ "$(places "$1")" = "bond0 $VIP/32 global;lo $VIP/32 host" ] && [ "$(servers "$1")" = 6 ]; }
backup_is() { [ "$(places "$1")" = "lo $VIP/32 host" ] && [ "$(servers "$1")" = 0 ]; }
settled() { # MASTER: this node is master, and all others are backup
  local name
  master_is "$1" || return 1
  for name in "${nodes[@]}"; do [ "$name" = "$1" ] || backup_is "$name" || return 1; done
}
# move TO WHAT COMMAND...: the command must move the VIP to the node TO. A client counts lost requests meanwhile.
move() {
  local to=$1 what=$2 pinger
  shift 2
  X client "$LAB_TOOLS/pinger" udp $VIP 53 10 4 >"$T/seen" & pinger=$!
  within 5 test "$(X client ss -Hun dst $VIP)" # the client has begun
  "$@"
  check "$what: $to has the VIP and the table, the others neither" within 10 settled "$to"
  wait $pinger
  check_eq "$what: only $to answers for the VIP" "$to" "$(arp_owner client $VIP)"
  echo "     $what: $(cat "$T/seen")"
}
field() { grep -oE "(^| )$1=[0-9]+" "$T/seen" | cut -d= -f2; }
lost() { echo $(($(field sent) - $(field ok))); }

before=$(circles)
for name in "${nodes[@]}"; do start $name; done
check "web1 becomes master" within 15 settled web1
check_eq "quiet as the file says" "3 2" \
  "$(X web2 cat /proc/sys/net/ipv4/conf/bond0/arp_ignore /proc/sys/net/ipv4/conf/bond0/arp_announce | paste -sd' ')"
check_eq "all three serve, the master among them" "web1=3 web2=3 web3=3" "$(fetches 9 http://$VIP/)"

move web2 "the master is stopped" stop web1
check_eq "a stopped node is a real server still" "web1=3 web2=3 web3=3" "$(fetches 9 http://$VIP/)"
check "no request was lost" test "$(lost)" -le 1
move web1 "the preferred node comes back" start web1
check "no more than a packet was lost" test "$(lost)" -le 1
move web2 "the master is cut off" cable_pull web1
cable_plug web1
check "web1 takes over again" within 10 settled web1
all_serve() { [ "$(fetches 9 http://$VIP/)" = "web1=3 web2=3 web3=3" ]; }
check "all three serve, once their checks have said so" within 15 all_serve
check_eq "nothing went round in circles" 0 $(($(circles) - before))

X web1 ipvsadm -C
check "the table needs nothing saved: it is put back" within 15 settled web1
X web2 ipvsadm -A -t $VIP:80 -s rr
X web2 ipvsadm -a -t $VIP:80 -r 192.168.0.1 -g
check "a table that somebody loads on a backup goes" within 15 backup_is web2
