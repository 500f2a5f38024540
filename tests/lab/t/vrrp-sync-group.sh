#!/bin/bash
# A sync group with a keepalived as the peer that has one, too. Each of the two programs is once the better node. Both
# VIPs are on the same node after a lost link on either side, after its return, and after a stop.
. "$(dirname "$0")/../lab.sh"
command -v keepalived >/dev/null || skip "keepalived is not installed"

topo_s2
BOTH="100.100.100.100/24 192.168.1.100/24"
declare -A OURS=() THEIRS=()

ours() { # NODE PRIORITY
  sed "s/^hap01 = .*/hap01 = { priority = $2 }/; s/^hap02 = .*/hap02 = { priority = $2 }/; /^track = /d" \
    "$LAB_REPO/examples/s2-two-vips.toml" >"$T/$1.toml"
  background "$1" "$LBCONVERGE" -c "$T/$1.toml" --node "$1" run >>"$T/$1.log" 2>&1
  OURS[$1]=$!
  disown $!
}
instance() { # NAME INTERFACE VRID PRIORITY VIP BROADCAST
  printf 'vrrp_instance %s {\n state BACKUP\n interface %s\n virtual_router_id %s\n priority %s\n advert_int 1\n' \
    "$1" "$2" "$3" "$4"
  printf ' virtual_ipaddress {\n %s brd %s dev %s\n }\n}\n' "$5" "$6" "$2"
}
theirs() { # NODE PRIORITY
  {
    printf 'global_defs {\n router_id %s\n vrrp_version 2\n}\nvrrp_sync_group G {\n group {\n P\n Q\n }\n}\n' "$1"
    instance P eth0 51 "$2" 100.100.100.100/24 100.100.100.255
    instance Q eth1 52 "$2" 192.168.1.100/24 192.168.1.255
  } >"$T/$1.conf"
  background "$1" keepalived -n -D -P -f "$T/$1.conf" -p "$T/$1.pid" -r "$T/$1.vrrp" >"$T/$1.ka" 2>&1
  THEIRS[$1]=$!
  disown $!
  check "$1: keepalived has started" within 5 test -s "$T/$1.vrrp"
}
vips() { X "$1" ip -o -4 addr show secondary | awk '{print $4}' | sort | paste -sd' '; }
on() { [ "$(vips "$1")" = "$BOTH" ] && [ -z "$(vips "$2")" ]; }

# The better node is hap01.
lost_links() { # WHO
  check "$1: hap01 has both" within 12 on hap01 hap02
  for which in 0 1; do
    cable_pull hap01 $which
    check "$1: eth$which of hap01 lost, both move" within 12 on hap02 hap01
    cable_plug hap01 $which
    check "$1: it is back, and so are both" within 15 on hap01 hap02
  done
}

ours hap01 150
theirs hap02 100
lost_links "ours is better"
kill -TERM "${OURS[hap01]}"
check "ours stops: both move" within 12 on hap02 hap01
check "and it ends" within 5 gone "${OURS[hap01]}"
ours hap01 50
sleep 5 # longer than its down interval: in this time nothing must happen
check "ours comes back as the lesser node: nothing moves" on hap02 hap01
kill -TERM "${THEIRS[hap02]}"
check "keepalived stops: both move" within 12 on hap01 hap02
kill -TERM "${OURS[hap01]}"
check "ours ends" within 8 gone "${OURS[hap01]}"

theirs hap01 150
ours hap02 100
lost_links "theirs is better"
