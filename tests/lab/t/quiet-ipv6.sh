#!/bin/bash
# IPv6 direct routing: only the director answers a neighbour solicitation for a VIP, with any settings of the real
# servers. The kernel answers only for addresses of the interface on which the solicitation arrives (linux:
# ndisc_recv_ns), and a VIP on lo is not one of these.
. "$(dirname "$0")/../lab.sh"
VIP=fd00::20
lab_begin
node client eth0=fd00::10/64
node lb1 eth0=fd00::1/64
node ws1 eth0=fd00::3/64
node ws2 eth0=fd00::4/64
serve ws1
serve ws2
LBC_CONFIG=$T/six.toml
cat >"$LBC_CONFIG" <<'END'
interface = "eth0"
vips = ["fd00::20"]
[nodes]
lb1 = { role = "director", address = "fd00::1" }
ws1 = { role = "real-server", address = "fd00::3" }
ws2 = { role = "real-server", address = "fd00::4" }
[[service]]
vip = "fd00::20"
port = 80
real_servers = ["ws1", "ws2"]
END
chmod 644 "$LBC_CONFIG"

# solicit sets answers to the nodes that answer the client's solicitation. A neighbour advertisement is ICMPv6 type 136;
# its target begins 8 octets after the start of the ICMPv6 header.
solicit() { # EXTRA_ARGUMENTS_OF_PING...
  X client ip neigh flush dev eth0
  sniff client eth0 "icmp6 and ip6[40] = 136 and ip6[48:4] = 0xfd000000 and ip6[60:4] = 0x20" "$T/answers"
  X client ping -6 -q -c 2 -i 0.3 -W 1 "$@" $VIP >/dev/null
  sniffed "$T/answers" >/dev/null
  answers=$(sed -n 's/.* \([0-9a-f:]\{17\}\) > .*/\1/p' "$T/answers" | sort -u | while read -r mac; do
    for name in lb1 ws1 ws2; do [ "$(mac $name eth0)" != "$mac" ] || echo $name; done
  done | paste -sd' ')
}

for name in ws1 ws2; do check "$name: apply" lbc $name apply; done
check_eq "the VIP is on lo as /128" 1 "$(X ws1 ip -6 -o addr show dev lo to $VIP/128 | grep -c '/128')"
solicit
check_eq "no real server answers a solicitation" "" "$answers"
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.proxy_ndp=1 net.ipv6.conf.eth0.proxy_ndp=1
  X $name ip link set eth0 allmulticast on
done
solicit
check_eq "not even one that forwards, is a proxy and hears all multicast" "" "$answers"

X ws1 ip -6 addr add $VIP/128 dev eth0 nodad
solicit
check_eq "(on the interface itself it would: this test can see an answer)" ws1 "$answers"
check "apply takes it away from there" lbc ws1 apply
solicit
check_eq "quiet again" "" "$answers"

check "lb1: apply" lbc lb1 apply
solicit
check_eq "only the director answers" lb1 "$answers"
check_eq "both serve" "ws1=3 ws2=3" "$(fetches 6 "http://[$VIP]/")"

# The solicitations of a real server must not have the VIP as their source, or the client learns the wrong MAC.
sniff client eth0 "icmp6 and ip6[40] = 135 and src host $VIP" "$T/poison"
for name in ws1 ws2; do X $name ip neigh flush dev eth0; done
check_eq "they serve with empty neighbour tables" "ws1=2 ws2=2" "$(fetches 4 "http://[$VIP]/")"
check_eq "and solicit without the VIP as their sender" 0 "$(sniffed "$T/poison")"
check_eq "the client still has the director's MAC" "$(mac lb1 eth0)" \
  "$(X client ip -6 neigh show to $VIP | grep -o '[0-9a-f:]\{17\}')"
check_exit "an IPv6 VIP on an ordinary interface of a real server is an error" 65 sh -c \
  "printf '%s\n' 'role = \"real-server\"' 'interface = \"eth0\"' '[arp]' 'method = \"filter\"' 'source = \"192.0.2.1\"' \
   '[[vip]]' 'address = \"fd00::20\"' 'accept = \"interface\"' >$T/bad.toml && $LBCONVERGE -c $T/bad.toml check"
