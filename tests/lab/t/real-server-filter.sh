#!/bin/bash
# A VIP on the ordinary interface of a real server, which the ARP filter makes silent (examples/s4b): before it is
# there, while it is there, and afterwards.
# lab: native
. "$(dirname "$0")/../lab.sh"
need_nftables
LBC_CONFIG=$LAB_REPO/examples/s4b-real-server-filter.toml
VIP=192.168.1.200
RIP=192.168.1.88

lab_begin
node client eth0=192.168.1.10/24
node ws ens32=$RIP/24
serve ws 80
# Sends packets to the real server's MAC, as a director with direct routing does.
as_director() { X client ip neigh replace $VIP lladdr "$(mac ws ens32)" dev eth0; }
tables() { X ws nft list tables; }

X ws ip addr add $VIP/32 dev ens32
check_eq "without a filter the real server answers for the VIP" ws "$(arp_owner client $VIP)"
X ws ip addr del $VIP/32 dev ens32

# Listens to all answers from the moment at which the VIP is configured: there must be none, not even a first one.
sniff client eth0 "arp and arp[6:2] = 2 and src host $VIP" "$T/answers"
X client "$LAB_TOOLS/arpwho" eth0 $VIP >/dev/null &
check "diff shows the filter before the VIP" sh -c \
  "ip netns exec ws $LBCONVERGE -c $LBC_CONFIG diff | grep -n . | grep -A9 'filter' | grep -q 'address $VIP/32 dev ens32'"
check "apply" lbc ws apply
wait $!
check "in sync" lbc ws diff
check_eq "the VIP is on the interface" 1 "$(X ws ip -o addr show dev ens32 to $VIP/32 | grep -c .)"
check_eq "and nobody answers for it" nobody "$(arp_owner client $VIP)"
check_eq "nor did for a moment" 0 "$(sniffed "$T/answers")"
check_eq "for its own address it does" ws "$(arp_owner client $RIP)"

as_director
check_eq "it serves what a director sends it" ws "$(fetch client http://$VIP/)"
# To answer the client, it must ask for the client's MAC. The packet that waits for this has the VIP as its source.
sniff client eth0 "arp and src host $VIP" "$T/poison"
sniff client eth0 "arp and arp[6:2] = 1 and src host $RIP" "$T/honest"
X ws ip neigh flush dev ens32
check_eq "it serves with an empty neighbour table" ws "$(fetch client http://$VIP/)"
check_eq "its own ARP does not name the VIP" 0 "$(sniffed "$T/poison")"
check "but its own address" test "$(sniffed "$T/honest")" -gt 0

# Drift: a rule is removed; an element has another source.
X ws nft flush chain arp lbconverge in
check_eq "a filter without its rule is seen" 1 "$(lbc ws diff | grep -c "filter  *$VIP  enforced false -> true.*drifted")"
check "and put right" lbc ws apply
check_eq "silent again" nobody "$(arp_owner client $VIP)"
X ws nft "delete element arp lbconverge sources { $VIP }; add element arp lbconverge sources { $VIP : 192.168.1.77 }"
check_eq "another source is seen" 1 "$(lbc ws diff | grep -c "source 192.168.1.77 -> $RIP")"
check "and put right" lbc ws apply
# Other changes that make the table different from ours.
for change in 'add table arp lbconverge { flags dormant; }' 'chain arp lbconverge out { policy drop; }' \
  'insert rule arp lbconverge in accept' 'add chain arp lbconverge more { type filter hook output priority 9; policy drop; }'; do
  X ws nft "$change"
  check_eq "$change: seen" 1 "$(lbc ws diff | grep -c "filter  *$VIP  enforced false -> true.*drifted")"
  check "put right" lbc ws apply
  check "in sync" lbc ws diff
  check_eq "silent" nobody "$(arp_owner client $VIP)"
done
X ws nft delete table arp lbconverge
check "a table that is gone comes back" lbc ws apply
check_eq "silent again" nobody "$(arp_owner client $VIP)"

# Tables of others in nftables stay.
X ws nft 'add table arp theirs; add chain arp theirs in { type filter hook input priority 0; }'
# A change from the filter to the settings: both are there until the VIP has moved.
sed '/^\[arp\]/,/^$/d; s/^accept.*//; s/^interface.*//' "$LBC_CONFIG" >"$T/by-sysctl.toml"
sniff client eth0 "arp and arp[6:2] = 2 and src host $VIP" "$T/moved"
LBC_CONFIG=$T/by-sysctl.toml
check "the VIP moves to lo" lbc ws apply
X client ip neigh del $VIP dev eth0
check_eq "still silent" nobody "$(arp_owner client $VIP)"
check_eq "all the time" 0 "$(sniffed "$T/moved")"
check_eq "our table is gone, theirs is not" "table arp theirs" "$(tables)"
LBC_CONFIG=$LAB_REPO/examples/s4b-real-server-filter.toml
check "and back" lbc ws apply
check_eq "silent" nobody "$(arp_owner client $VIP)"

check "show prints a file" sh -c "ip netns exec ws $LBCONVERGE show >$T/shown.toml"
check_exit "that check accepts" 0 env -C "$T" "$LBCONVERGE" -c shown.toml check
LBC_CONFIG=$T/shown.toml check "and that changes nothing" lbc ws diff

check "release" lbc ws release
check_eq "nothing of ours is left" "table arp theirs 0" "$(tables) $(X ws ip -o addr show to $VIP/32 | grep -c .)"
