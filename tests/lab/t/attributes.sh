#!/bin/bash
# Every attribute that IPVS has, from the file into the kernel and back.
. "$(dirname "$0")/../lab.sh"
lab_begin
node lb eth0=10.0.0.1/24
X lb ip addr add fd00::1/64 dev eth0 nodad
LBC_CONFIG=$T/lb.toml
chmod 755 "$T"
cat >"$LBC_CONFIG" <<'E2'
role = "director"
interface = "eth0"
vips = ["10.0.0.100", "fd00::100"]
[ipvs]
timeouts = { tcp = "901s", tcp_fin = "121s", udp = "301s" }
[sysctl]
"net.ipv4.vs.expire_nodest_conn" = 1
"net.ipv4.vs.sync_threshold" = "4 60"
"net.ipv4.vs.drop_entry" = 2
"net.ipv4.ip_forward" = 1
[[service]]
vip = "10.0.0.100"
port = [80, 443]
scheduler = "wrr"
real_servers = ["10.0.0.11", { address = "10.0.0.12", weight = 0 }, { address = "10.0.0.13", weight = 7, upper_threshold = 1000, lower_threshold = 10 }]
[[service]]
vip = "10.0.0.100"
port = 53
protocol = "udp"
scheduler = "rr"
one_packet = true
forward = "masquerade"
real_servers = ["10.0.0.11:5353"]
[[service]]
vip = "10.0.0.100"
port = 9
protocol = "sctp"
scheduler = "lc"
real_servers = ["10.0.0.11"]
[[service]]
vip = "fd00::100"
port = 80
scheduler = "mh"
scheduler_flags = ["mh-port", "mh-fallback"]
persistence = "60s"
persistence_mask = 64
real_servers = ["fd00::11", "[fd00::12]:80"]
[[service]]
vip = "10.0.0.100"
port = 5060
protocol = "udp"
scheduler = "sh"
scheduler_flags = ["sh-port"]
persistence = "300s"
persistence_mask = "255.255.255.0"
persistence_engine = "sip"
real_servers = ["10.0.0.11"]
[[service]]
fwmark = 7
scheduler = "nq"
real_servers = ["10.0.0.11"]
[[service]]
fwmark = 7
family = "ipv6"
scheduler = "sed"
forward = "tunnel"
real_servers = ["fd00::11"]
[[service]]
vip = "10.0.0.100"
port = 0
persistence = "60s"
forward = "tunnel"
real_servers = [
  "10.0.0.11",
  "fd00::11",
  { address = "10.0.0.12", tunnel_type = "gue", tunnel_port = 6080 },
  { address = "10.0.0.13", tunnel_type = "gre" },
]
E2
check "apply" lbc lb apply
check "in sync" lbc lb diff
cat >"$T/expected" <<'E2'
-A --sctp-service 10.0.0.100:9 -s lc
-A -f 7 -6 -s sed
-A -f 7 -s nq
-A -t 10.0.0.100:0 -s wlc -p 60
-A -t 10.0.0.100:443 -s wrr
-A -t 10.0.0.100:80 -s wrr
-A -t [fd00::100]:80 -s mh -p 60 -M 64 -b flag-1,flag-2
-A -u 10.0.0.100:5060 -s sh -p 300 -M 255.255.255.0 --pe sip -b sh-port
-A -u 10.0.0.100:53 -s rr -o
-a --sctp-service 10.0.0.100:9 -r 10.0.0.11:9 -g -w 1
-a -f 7 -r 10.0.0.11:0 -g -w 1
E2
X lb ipvsadm -Sn | sed 's/ *$//' | LC_ALL=C sort >"$T/table"
expect() { # DESCRIPTION PATTERN
  check "$1" grep -Eq -- "$2" "$T/table"
}
while read -r line; do
  case $line in *-b*) continue ;; esac # ipvsadm may print the names that the scheduler gives to flags, see below
  check "ipvsadm shows $line" grep -Fxq -- "$line" "$T/table"
done <"$T/expected"
expect "mh with both flags and a v6 mask" '-A -t \[fd00::100\]:80 -s mh -p 60 -M 64 -b (mh-fallback,mh-port|mh-port,mh-fallback|flag-1,flag-2)'
expect "sip engine, mask and sh flag" '-A -u 10.0.0.100:5060 -s sh -p 300 -M 255.255.255.0 --pe sip -b (sh-port|flag-2)'
expect "masquerading to another port" '-a -u 10.0.0.100:53 -r 10.0.0.11:5353 -m -w 1'
expect "a marked IPv6 service by tunnel" '-a -f 7 -6 -r \[fd00::11\]:0 -i -w 1'
expect "weight 0" '-a -t 10.0.0.100:80 -r 10.0.0.12:80 -g -w 0'
expect "gue" '-a -t 10.0.0.100:0 -r 10.0.0.12:0 -i -w 1 --tun-type gue --tun-port 6080'
expect "gre" '-a -t 10.0.0.100:0 -r 10.0.0.13:0 -i -w 1 --tun-type gre'
expect "an IPv6 server of an IPv4 service" '-a -t 10.0.0.100:0 -r \[fd00::11\]:0 -i -w 1'
check_eq "thresholds" "1000 10" "$(X lb ipvsadm -Ln --thresholds -t 10.0.0.100:80 | awk '/10.0.0.13/ {print $3, $4}')"
check_eq "time-outs" "901 121 301" "$(X lb ipvsadm -L --timeout | grep -o '[0-9]\+' | paste -sd' ')"
check_eq "sysctls of IPVS" "1 4 60" "$(X lb cat /proc/sys/net/ipv4/vs/expire_nodest_conn /proc/sys/net/ipv4/vs/sync_threshold | tr -s '\t\n' ' ' | sed 's/ $//')"
check_eq "the IPv6 VIP is deprecated: never a source address" 1 "$(X lb ip -6 addr show dev eth0 to fd00::100 | grep -c deprecated)"

# show prints a file that check accepts and that changes nothing.
check "show" sh -c "ip netns exec lb $LBCONVERGE show >$T/shown.toml"
check_exit "check accepts what show prints" 0 env -C "$T" "$LBCONVERGE" -c shown.toml check
LBC_CONFIG=$T/shown.toml check_eq "and it is in sync, but for the settings that show leaves out" 0 \
  "$(LBC_CONFIG=$T/shown.toml lbc lb diff | grep -vc -e sysctl -e director)"

# A snapshot gives the same diff without the kernel, and to any user.
X lb ipvsadm -e -t 10.0.0.100:80 -r 10.0.0.11:80 -g -w 5
X lb "$LBCONVERGE" --node lb show --format snapshot >"$T/snapshot.json"
check_eq "diff against a snapshot says what diff says" "$(lbc lb diff --json)" \
  "$(setpriv --reuid 65534 --clear-groups "$LBCONVERGE" -c "$LBC_CONFIG" --node lb diff --json --against "$T/snapshot.json")"
sed 's/weight = 7/weight = 8/' "$LBC_CONFIG" >"$T/new.toml"
check_eq "diff --from shows what a change of the file does" "weight 7 -> 8,weight 7 -> 8" \
  "$("$LBCONVERGE" -c "$T/new.toml" --node lb diff --from "$LBC_CONFIG" | grep -o 'weight 7 -> 8' | paste -sd,)"
check "apply" lbc lb apply
check "release" lbc lb release
check_eq "nothing is left" "" "$(X lb ipvsadm -Sn)"
check_eq "time-outs are back" "900 120 300" "$(X lb ipvsadm -L --timeout | grep -o '[0-9]\+' | paste -sd' ')"
