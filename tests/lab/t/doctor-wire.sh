#!/bin/bash
# doctor --arp and --vrrp: they show which hosts answer for a VIP, and which advertise what, from packets on the wire.
. "$(dirname "$0")/../lab.sh"
. "$LAB/doctor.sh"
VIP=192.168.100.20 VIP6=fd00::20

topo_four
LBC_CONFIG=$LAB_REPO/examples/four-nodes.toml
for name in ws1 ws2; do lbc $name apply >/dev/null; done
lbc lb1 apply --as master >/dev/null
healthy lb2 --arp --vrrp
answers=$(lbc lb2 doctor --arp)
check_eq "the master answers" 1 "$(grep -c "$VIP is answered by $(mac lb1 eth0) (lb1) on eth0" <<<"$answers")"

# Every node sees a real server that answers, and names it.
X ws2 sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
planted lb1 LVS02 "a real server answers, as the master sees it" "true" "true" --as master --arp
planted lb2 LVS02 "as the backup sees it" "true" "true" --arp
planted ws1 LVS02 "as another real server sees it" "true" "true" --arp
check_eq "it is named" 1 "$(lbc lb2 doctor --arp | grep -c "^LVS02 .*real server $(mac ws2 eth0) (ws2) answers ARP")"
check_eq "and listed with the other" 1 "$(lbc lb2 doctor --arp | grep -c "$VIP is answered by .*(lb1).*(ws2)\|$VIP is answered by .*(ws2).*(lb1)")"
X ws2 sysctl -qw net.ipv4.conf.eth0.arp_ignore=1

# Two masters: no advertisement gets through, so both have the VIP.
lbc lb2 apply --as master >/dev/null
planted lb1 LVS40 "both directors have the VIP" "true" "true" --as master --arp --vrrp
check_eq "no advert was heard" 1 "$(lbc lb1 doctor --as master --arp --vrrp | grep -c '^LVS40 .*no advert of another node arrives here')"
planted ws1 LVS40 "seen from a third node" "true" "true" --arp
lbc lb2 apply >/dev/null
healthy lb1 --as master --arp

# Advertisements: from a stranger, of other VIPs, and right ones. Their interval is 0x64, one second; doctor waits for
# three intervals.
advert() { # NODE SOURCE VRID ADDRESS: advertises until stop
  local source=$2 message
  # shellcheck disable=SC2086  # the four bytes are four words
  printf -v message '31%02x780100640000%02x%02x%02x%02x' "$3" ${4//./ }
  background "$1" sh -c "while :; do $LAB_TOOLS/vrrpsend $source 224.0.0.18 $message; sleep 0.3; done"
  sender=$!
  disown $sender
}
stop() { kill -KILL "$sender"; }
advert lb2 192.168.100.2 51 $VIP
healthy lb1 --as master --vrrp
check_eq "the peer is heard" 1 "$(lbc lb1 doctor --as master --vrrp | grep -c '192.168.100.2 advertises vrid 51 with priority 120 on eth0')"
stop
advert lb2 192.168.100.2 51 192.168.100.21
planted lb1 LVS37 "the peer has other VIPs" "true" "true" --as master --vrrp
stop
advert client 192.168.100.10 51 192.168.100.99
planted lb1 LVS33 "a stranger uses the VRID" "true" "true" --as master --vrrp
stop
advert client 192.168.100.10 52 192.168.100.99
healthy lb1 --as master --vrrp
stop

# IPv6: neighbour solicitations.
for name in lb1 lb2; do
  X $name ip addr add fd00::${name#lb}/64 dev eth0 nodad
done
X ws1 sh -c "ip addr add fd00::3/64 dev eth0 nodad; ip addr add $VIP6/128 dev lo"
sed "s/$VIP/$VIP6/; s/192.168.100/fd00:/" "$LBC_CONFIG" | sed 's/fd00:\.\([0-9]\)/fd00::\1/' >"$T/six.toml"
for name in lb1 lb2 ws1 ws2; do lbc $name release >/dev/null; done
LBC_CONFIG=$T/six.toml
check "lb1 has the IPv6 VIP" lbc lb1 apply --as master
healthy lb2 --arp
check_eq "the master answers a solicitation, and no real server" 1 \
  "$(lbc lb2 doctor --arp | grep -c "$VIP6 is answered by $(mac lb1 eth0) (lb1) on eth0\$")"
X lb2 ip addr add $VIP6/128 dev eth0 nodad
planted lb1 LVS40 "both have the IPv6 VIP" "true" "true" --as master --arp
