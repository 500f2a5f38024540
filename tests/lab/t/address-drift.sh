#!/bin/bash
# A VIP that is on the node with wrong attributes is corrected on a master, and removed on a backup and by release.
. "$(dirname "$0")/../lab.sh"
lab_begin
node lb1 eth0=192.168.100.1/24,fd00::1/64 eth1=10.1.0.1/24,fd01::1/64@br1
LBC_CONFIG=$T/lb.toml
printf 'role = "director"\ninterface = "eth0"\n[[vrrp]]\nname = "V"\nvrid = 51\n[[vrrp]]\nname = "W"\nvrid = 52\n' >"$LBC_CONFIG"
printf '[[vip]]\naddress = "192.168.100.20"\nvrrp = "V"\n[[vip]]\naddress = "fd00::20"\nvrrp = "W"\n' >>"$LBC_CONFIG"
vips() { X lb1 ip -o addr show | awk '{print $2, $4}' FS=' +' | grep -e '192\.168\.100\.20[/ ]' -e 'fd00::20[/ ]' | sort | paste -sd,; }
right="eth0 192.168.100.20/32,eth0 fd00::20/128"
own() { X lb1 ip -o addr show | grep -c -e ' 192.168.100.1/24 ' -e ' fd00::1/64 ' -e ' 10.1.0.1/24 ' -e ' fd01::1/64 '; }

otherwise() { # WHAT COMMAND: a person runs COMMAND, and lbconverge must correct it
  local what=$1 command=$2 as
  for as in "apply --as master" "apply --as backup" release; do
    X lb1 sh -c "$command" || abort "$what"
    check "$what: $as" lbc lb1 $as
    if [ "$as" = "apply --as master" ]; then
      check_eq "it is as it should be" "$right" "$(vips)"
      check_eq "and nothing is special about it" "" "$(X lb1 ip -o addr show | grep -e '\.20[ /]' -e '::20[ /]' |
        grep -e peer -e tentative -e dadfailed -e 'valid_lft [0-9]')"
      check "nothing is left to do" lbc lb1 diff --as master
      check "it goes" lbc lb1 release
    fi
    check_eq "it has gone" "" "$(vips)"
    check_eq "the node's own addresses are there" 4 "$(own)"
  done
}

otherwise "a peer" 'ip addr add 192.168.100.20 peer 192.168.100.99/32 dev eth0
  ip addr add fd00::20 peer fd00::99/128 dev eth0 nodad'
otherwise "a peer in the node's net" 'ip addr add 192.168.100.20 peer 192.168.100.99/24 dev eth0
  ip addr add fd00::20 peer fd00::99/64 dev eth0 nodad'
otherwise "another prefix" 'ip addr add 192.168.100.20/24 dev eth0; ip addr add fd00::20/64 dev eth0 nodad'
otherwise "a shorter one" 'ip addr add 192.168.100.20/16 dev eth0; ip addr add fd00::20/48 dev eth0 nodad'
otherwise "a longer one" 'ip addr add 192.168.100.20/25 dev eth0; ip addr add fd00::20/80 dev eth0 nodad'
otherwise "two prefixes and a peer" 'ip addr add 192.168.100.20/24 dev eth0; ip addr add 192.168.100.20/32 dev eth0
  ip addr add 192.168.100.20 peer 192.168.100.98/32 dev eth0'
otherwise "an end" 'ip addr add 192.168.100.20/32 dev eth0 valid_lft 1000 preferred_lft 500
  ip addr add fd00::20/128 dev eth0 nodad valid_lft 1000 preferred_lft 500'
otherwise "a label" 'ip addr add 192.168.100.20/32 dev eth0 label eth0:1'
otherwise "another interface" 'ip addr add 192.168.100.20/32 dev eth1; ip addr add fd00::20/128 dev eth1 nodad'
otherwise "both interfaces" 'for i in eth0 eth1; do ip addr add 192.168.100.20/32 dev $i; ip addr add fd00::20/128 dev $i; done'
otherwise "waiting" 'sysctl -qw net.ipv6.conf.eth0.accept_dad=1 net.ipv6.conf.eth0.dad_transmits=60
  ip addr add fd00::20/128 dev eth0'
