#!/bin/bash
# Tunnelling (examples/s4e): real servers in networks of their own, IPv4 and IPv6; the device and its settings, and
# their removal.
. "$(dirname "$0")/../lab.sh"
LBC_CONFIG=$LAB_REPO/examples/s4e-tunnel.toml
VIP=192.168.1.200
VIP6=fd00:1::200

lab_begin
node client eth0=192.168.1.10/24,fd00:1::10/64@front
node lb eth0=192.168.1.1/24,fd00:1::1/64@front
node router front=192.168.1.254/24,fd00:1::254/64@front one=10.1.0.1/24,fd00:a::1/64@one two=10.2.0.1/24@two
node ws1 eth0=10.1.0.3/24,fd00:a::3/64@one
node ws2 eth0=10.2.0.4/24@two
for name in client lb; do
  X $name ip route add default via 192.168.1.254
  X $name ip route add fd00:a::/64 via fd00:1::254
done
X ws1 ip route add default via 10.1.0.1
X ws1 ip route add default via fd00:a::1
X ws2 ip route add default via 10.2.0.1
X router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# The settings of a distribution: with them the tunnel device would drop every packet.
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
  serve $name
done

check "the director" lbc lb apply
check_eq "it is served by none yet" "none=2" "$(fetches 2 http://$VIP/)"
for name in ws1 ws2; do
  check_eq "$name: diff shows the device first" "link" "$(lbc $name diff | awk '$1 == 1 {print $3}')"
  check "$name: apply" lbc $name apply
  check "$name: in sync" lbc $name diff
done
check_eq "the device is up" 1 "$(X ws1 ip -o link show up dev tunl0 | grep -c .)"
check_eq "nothing comes out filtered" "0 0" \
  "$(X ws1 cat /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/net/ipv4/conf/tunl0/rp_filter | paste -sd' ')"
sniff lb eth0 "tcp and src host $VIP" "$T/replies"
check_eq "both serve" "ws1=5 ws2=5" "$(fetches 10 http://$VIP/)"
check_eq "their answers do not pass the director" 0 "$(sniffed "$T/replies")"
check_eq "the VIP on lo is quiet there too" nobody "$(arp_owner router 192.168.1.201)"

X ws1 ip link set tunl0 down
check_eq "a device that is down is drift" 1 "$(lbc ws1 diff | grep -c 'tunl0  up false -> true.*drifted')"
check "and put right" lbc ws1 apply
check_eq "both serve again" "ws1=2 ws2=2" "$(fetches 4 http://$VIP/)"

check "release" lbc ws1 release
check_eq "device and settings are as before" "0 1" \
  "$(X ws1 ip -o link show up dev tunl0 | grep -c .) $(X ws1 cat /proc/sys/net/ipv4/conf/all/rp_filter)"

cat >"$T/six.toml" <<'END'
interface = "eth0"
vips = ["fd00:1::200"]
[nodes]
lb = { role = "director", address = "fd00:1::1" }
ws1 = { role = "real-server", address = "fd00:a::3" }
[[service]]
vip = "fd00:1::200"
port = 80
forward = "tunnel"
real_servers = ["ws1"]
END
LBC_CONFIG=$T/six.toml
check "IPv6: the director" lbc lb apply
check "IPv6: the real server" lbc ws1 apply
check "in sync" lbc ws1 diff
check_eq "the device is up" 1 "$(X ws1 ip -o link show up dev ip6tnl0 | grep -c .)"
check_eq "it serves" "ws1=4" "$(fetches 4 "http://[$VIP6]/")"
