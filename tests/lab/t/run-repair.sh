#!/bin/bash
# The daemon's repairs: one VIP of several, a fight with another program, new interfaces, tables. Also what it tells
# systemd, and that the election goes on while a large table is loaded.
. "$(dirname "$0")/../lab.sh"
VIP=192.168.100.20 OTHER=192.168.100.21

lab_begin
node client eth0=192.168.100.10/24
node lb1 eth0=192.168.100.1/24
node lb2 eth0=192.168.100.2/24
config=$T/lb.toml

write() { # SERVICES
  {
    printf 'role = "director"\ninterface = "eth0"\nvips = ["%s", "%s"]\n' $VIP $OTHER
    printf '[nodes]\nlb1 = { address = "192.168.100.1", priority = 150 }\nlb2 = { address = "192.168.100.2" }\n'
    printf '[daemon]\nrealtime_priority = 10\n[[vrrp]]\nvrid = 51\nadvert_interval = "100ms"\n'
    local i
    for ((i = 1; i <= $1; i++)); do
      printf '[[service]]\nvip = "%s"\nport = %d\nreal_servers = [' $VIP $((1000 + i))
      printf '"192.168.100.%d", ' 3 4 5 6 7 8 9 11 12
      printf '"192.168.100.13"]\n'
    done
  } >"$config.new"
  mv "$config.new" "$config"
}
write 1
LBC_CONFIG=$config

told() { start "$1" NOTIFY_SOCKET="$T/$1.notify" WATCHDOG_USEC=400000; } # started as by systemd
status() { lbc "$1" status --json; }
is() { status "$1" 2>/dev/null | grep -q "\"state\":\"$2\""; }
count() { status "$1" | grep -o "\"$2\":[0-9]*" | head -1 | cut -d: -f2; }
has() { X "$1" ip -o addr show dev eth0 | grep -qF " ${2:-$VIP}/"; }

for name in lb1 lb2; do
  background $name "$LAB_TOOLS/notified" "$T/$name.notify" >"$T/$name.notified"
  disown $!
done
within 3 test -S "$T/lb2.notify"
told lb1
told lb2
check "lb1 becomes master" within 10 is lb1 master
check "systemd hears that it is ready" grep -q '^READY=1' "$T/lb1.notified"
check "and the watchdog" within 2 grep -q '^WATCHDOG=1' "$T/lb1.notified"
check "and the state" within 2 grep -q 'STATUS=vrrp-51 master' "$T/lb1.notified"
check_eq "the loop has real-time priority" 1 "$(X lb1 ps -eLo cls,args | grep '^ *RR' | grep -c -- "--node lb[1] run$")"

# One VIP of two: only that one is put back.
check "both VIPs are there" within 2 has lb1 $OTHER
background lb1 ip -o monitor address >"$T/monitor"
sleep 0.3
X lb1 ip addr del $OTHER/32 dev eth0
check "a deleted VIP comes back" within 1 has lb1 $OTHER
sleep 0.2
check_eq "the other one was not touched" 0 "$(grep -c "$VIP/" "$T/monitor")"
check_eq "and the election did not notice" 1 "$(count lb1 became_master)"

# A fight: the daemon names it, repairs less often, and stops when the other side stops.
X lb1 sh -c "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do ip addr del $OTHER/32 dev eth0 2>/dev/null; sleep 0.1; done"
check "a fight is named" within 3 grep -q "another program keeps changing address $OTHER/32 eth0" "$T/lb1.log"
check "status shows it" grep -q "\"id\":\"address $OTHER/32 eth0\"" <<<"$(status lb1)"
puts=$(grep -c "eth0.*$OTHER/" "$T/monitor")
check "it was limited ($puts changes seen)" test "$puts" -lt 24
check "still master" is lb1 master
check "in the end the VIP is there again" within 13 has lb1 $OTHER

# A stale VIP on the backup is removed.
X lb2 ip addr add $VIP/32 dev eth0
sleep 0.5
check_fails "a stale VIP on the backup is removed" has lb2

# The daemon looks at the table from time to time, and corrects it without an apply.
X lb1 ipvsadm -D -t $VIP:1001
check "a deleted service comes back" within 15 sh -c "ip netns exec lb1 ipvsadm -Sn | grep -q $VIP:1001"

# A reload loads a large table. The advertisements stay regular, and the peer stays backup.
before=$(count lb2 became_master)
background lb2 tcpdump -tt -l --immediate-mode -B 8192 -nni eth0 'ip proto 112 and src host 192.168.100.1' >"$T/adverts" 2>/dev/null
tcpdump=$!
sleep 0.5
write 600
kill -HUP "${DAEMON[lb1]}"
check "600 services are loaded" within 20 sh -c "[ \$(ip netns exec lb1 ipvsadm -Sn | grep -c -- '^-A') = 600 ]"
sleep 0.5
kill "$tcpdump"
check_eq "the backup did not take over meanwhile" "$before" "$(count lb2 became_master)"
echo "advertisements, ms apart: $(awk '/^[0-9]/ {if (last) d[++n] = ($1 - last) * 1000; last = $1} END {for (i = 1; i <= n; i++) {s += d[i]; if (d[i] > m) m = d[i]}; printf "mean %.1f, most %.1f of %d", s / n, m, n}' "$T/adverts")"
check_eq "systemd heard of the reload" 1 "$(grep -c '^RELOADING=1' "$T/lb1.notified")"

# on_exit = "keep": the VIPs stay, and the next daemon goes on with them.
sed -i 's/^realtime_priority = 10/on_exit = "keep"/' "$config"
kill -HUP "${DAEMON[lb1]}"
check "read" within 5 sh -c "[ \$(grep -c 'configuration read again' '$T/lb1.log') = 2 ]"
kill -TERM "${DAEMON[lb1]}"
check "the daemon ends" within 3 gone "${DAEMON[lb1]}"
check "and keeps the VIP" has lb1
told lb1
check "the next one is master" within 10 is lb1 master
check "and was told to stop by systemd's word" grep -q '^STOPPING=1' "$T/lb1.notified"
tail -5 "$T/lb1.log"
