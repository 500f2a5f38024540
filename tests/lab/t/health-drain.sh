#!/bin/bash
# What the operator says: drain and undrain with and without a daemon. It must last over a restart of the daemon and
# over an apply.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20

lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node ws1 eth0=192.168.100.3/24
node ws2 eth0=192.168.100.4/24
for name in ws1 ws2; do
  X $name sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  X $name ip addr add $VIP/32 dev lo
  serve $name 80 443
done
config=$T/lb.toml
LBC_CONFIG=$config
cat >"$config" <<E2
interface = "eth0"
vips = ["$VIP"]
[nodes]
lb1 = { role = "director", address = "192.168.100.1" }
ws1 = { role = "real-server", address = "192.168.100.3" }
ws2 = { role = "real-server", address = "192.168.100.4" }
[[service]]
name = "web"
vip = "$VIP"
port = 80
scheduler = "rr"
real_servers = ["ws1", "ws2"]
check = { type = "tcp", interval = "200ms", rise = 1 }
[[service]]
name = "secure"
vip = "$VIP"
port = 443
real_servers = ["ws1", "ws2"]
E2
weights() { X lb1 ipvsadm -Sn | awk '$4 == "-r" || $3 ~ /./ {for (i = 1; i < NF; i++) if ($i == "-w") printf "%s%s", n++ ? " " : "", $(i + 1)} END {print ""}'; }
are() { [ "$(weights)" = "$1" ]; }
up() { lbc lb1 status >/dev/null 2>&1; }

# ---- without a daemon ------------------------------------------------------------------------------------------------
check "apply" lbc lb1 apply
check_eq "all in use" "1 1 1 1" "$(weights)"
check_exit "a dry run only shows" 2 lbc lb1 drain ws1 --dry-run
check_eq "and changes nothing" "1 1 1 1" "$(weights)"
check_exit "drain a server, by its node's name" 0 lbc lb1 drain ws1
check_eq "out of use in both services" "0 1 0 1" "$(weights | tr ' ' '\n' | sort | paste -sd' ' | sed 's/0 0 1 1/0 1 0 1/')"
check_eq "nothing reaches it" "ws2=6" "$(fetches 6 http://$VIP/)"
check "apply keeps it" lbc lb1 apply
check_eq "so nothing changed" "ws2=6" "$(fetches 6 http://$VIP/)"
check "diff holds it, and says why" grep -qE 'h +server 192.168.100.3:80 +weight 0 .*drained by the operator, [0-9]+ s' <<<"$(lbc lb1 diff)"
check_exit "JSON as well" 0 grep -q '"held":\[{"kind":"real_server","id":"tcp 192.168.100.20:80 192.168.100.3:80","reason":"drained' <<<"$(lbc lb1 diff --json)"
X lb1 ipvsadm -e -t $VIP:80 -r 192.168.100.3:80 -g -w 9
check "what somebody lifts is put back" lbc lb1 apply
check_eq "to 0" "ws2=6" "$(fetches 6 http://$VIP/)"
check_exit "what nobody knows is refused" 64 lbc lb1 drain 192.168.100.77
check_exit "no server at all" 64 lbc lb1 drain

# ---- the daemon takes it over ----------------------------------------------------------------------------------------
start lb1
check "the daemon is up" within 10 up
sleep 1
check_eq "it keeps the drain" "ws2=6" "$(fetches 6 http://$VIP/)"
check "status names the owner" grep -q '"owner":"operator","why":"drained by the operator' <<<"$(lbc lb1 status --json)"
check_exit "undrain in one service only is not what was drained" 1 lbc lb1 undrain ws1@web
check_eq "so it stays" "ws2=6" "$(fetches 6 http://$VIP/)"
check_exit "undrain" 0 lbc lb1 undrain ws1
check_eq "back in use at once" "ws1=3 ws2=3" "$(fetches 6 http://$VIP/)"
check_exit "once more is no error" 0 lbc lb1 undrain ws1

# A connection survives its server's drain, and status counts it.
background client "$LAB_TOOLS/pinger" long $VIP 80 50 8 >"$T/long"
PING=$!
busy() { X lb1 ipvsadm -Ln | awk '/192.168.100.[34]:80/ && $5 > 0 {print $2}'; }
within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | awk '/192.168.100.[34]:80/ && \$5 > 0' | grep -q ."
server=$(busy)
check "drain the server that has the connection" lbc lb1 drain "$server@web"
check "status shows the connection that is left" grep -qE "$server +weight 0 +active 1 .*drained by the operator" <<<"$(lbc lb1 status)"
check_eq "the other service is as it was" "1 1" "$(X lb1 ipvsadm -Sn | grep -- ':443 ' | grep -o -- '-w [0-9]*' | cut -c4- | paste -sd' ')"

# ---- over a restart, hard and soft -----------------------------------------------------------------------------------
stop lb1 KILL
start lb1
check "up again" within 10 up
check "still drained after kill -9" grep -q "drained  *$server@tcp $VIP:80" <<<"$(lbc lb1 status)"
stop lb1
start lb1
check "up again" within 10 up
check "still drained after a stop" grep -q "drained  *$server@tcp $VIP:80" <<<"$(lbc lb1 status)"
wait $PING
check_eq "the connection lived through all of it" "" "$(grep -o 'connection lost.*' "$T/long")"

# ---- what a removal would cut ------------------------------------------------------------------------------------------
check "undrain" lbc lb1 undrain "$server"
background client "$LAB_TOOLS/pinger" long $VIP 80 50 5 >"$T/long2"
PING=$!
within 5 sh -c "ip netns exec lb1 ipvsadm -Ln | awk '/192.168.100.[34]:80/ && \$5 > 0' | grep -q ."
stop lb1 KILL
sed 's/^name = "web"/name = "web"\ndrain_timeout = "0s"/; s/real_servers = \["ws1", "ws2"\]/real_servers = []/' "$config" >"$T/none.toml"
check "diff says how many connections it would cut" grep -q 'cuts 1 connection' <<<"$(X lb1 "$LBCONVERGE" -c "$T/none.toml" --node lb1 diff)"
wait $PING
tail -5 "$T/lb1.log"
