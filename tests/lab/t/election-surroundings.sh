#!/bin/bash
# Things that happen beside an election, on one interface: addresses that come and go, a membership that the kernel
# drops, another MAC address, a node that forwards, and a firewall. The same director is master all the time.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20 VIP6=fd00::20

lab_begin
node client eth0=192.168.100.10/24,fd00::10/64
node lb1 eth0=192.168.100.1/24,fd00::1/64
node lb2 eth0=192.168.100.2/24,fd00::2/64
LBC_CONFIG=$T/lb.toml
cat >"$LBC_CONFIG" <<END
role = "director"
interface = "eth0"
[nodes]
lb1 = { priority = 150 }
lb2 = { priority = 100 }
[[vip]]
address = "$VIP"
vrrp = "four"
[[vip]]
address = "$VIP6"
vrrp = "six"
[[vrrp]]
name = "four"
vrid = 51
advert_interval = "200ms"
[[vrrp]]
name = "six"
vrid = 52
advert_interval = "200ms"
END
has() { X "$1" ip -o addr show dev eth0 | grep -q " $2/"; }
holders() { local n m=''; for n in lb1 lb2; do if has $n "$1"; then m+=" $n"; fi; done; echo "$m"; }
said() { grep -c "$1" "$T/lb1.log"; }
one_master() { # WHAT: two seconds later lb1 alone has the VIPs
  sleep 2
  check_eq "$1: IPv4" " lb1" "$(holders $VIP)"
  check_eq "$1: IPv6" " lb1" "$(holders $VIP6)"
}

X lb1 sysctl -qw net.ipv6.conf.eth0.forwarding=1
sniff client eth0 "icmp6 and ip6[40] = 136 and ip6[60:4] = 0x20" "$T/all"
sniff client eth0 "icmp6 and ip6[40] = 136 and ip6[60:4] = 0x20 and ip6[44] & 0x80 != 0" "$T/router"
start lb1
check "lb1 becomes master" within 12 has lb1 $VIP6
sleep 1
announced=$(sniffed "$T/all")
check "it announces the IPv6 VIP" test "$announced" -gt 0
check_eq "always as a router, since it forwards" "$announced" "$(sniffed "$T/router")"
start lb2
check "lb2 runs" within 12 lbc lb2 status
one_master "at first"

for name in lb1 lb2; do
  X $name ip addr add 192.168.100.0/32 dev eth0
  X $name ip addr add fe80::1/64 dev eth0 nodad
done
one_master "with an address on both that stands first"
stop lb2
start lb2
one_master "after a restart with these"

for mtu in 1200 60; do
  X lb2 ip link set eth0 mtu $mtu
  sleep 0.5
  X lb2 ip link set eth0 mtu 1500
  X lb2 ip addr replace 192.168.100.2/24 dev eth0
  X lb2 ip addr replace fd00::2/64 dev eth0
  one_master "after an MTU of $mtu for a moment"
done

sniff client eth0 "arp[14:4] = 0xc0a86414 or (icmp6 and ip6[40] = 136 and ip6[60:4] = 0x20)" "$T/moved"
X lb1 ip link set eth0 address 02:aa:bb:cc:dd:02
check "another MAC address is announced for IPv4" within 3 grep -q '02:aa:bb:cc:dd:02 > ff:ff:ff:ff:ff:ff' "$T/moved"
check "and for IPv6" within 3 grep -q '02:aa:bb:cc:dd:02 > 33:33:00:00:00:01' "$T/moved"
one_master "with it"

if X lb1 iptables-legacy -A OUTPUT -p 112 -j DROP; then
  check "a firewall that drops the advertisements is noticed" within 3 grep -q 'eth0 are not sent: Operation not' "$T/lb1.log"
  check "and that nobody would hear this node" within 5 grep -q -- '-> fault: .*are not sent' "$T/lb1.log"
  check_eq "it is said once" 1 "$(grep -v -- '-> fault' "$T/lb1.log" | grep -c 'are not sent')"
  X lb1 iptables-legacy -D OUTPUT -p 112 -j DROP
  check "and that it does no more" within 3 grep -q 'eth0 are sent again' "$T/lb1.log"
fi
