#!/bin/bash
# From keepalived to lbconverge on two running directors: what would change, first the backup, then the master with 200
# open connections and a request every 5 ms; and back by itself if the node is not as it was.
. "$(dirname "$0")/../lab.sh"
. "$LAB/traffic.sh"
command -v keepalived >/dev/null || skip "keepalived is not installed"

traffic_lab lb1 lb2 ws1 ws2
traffic_services 'rr' 'tcp'
traffic_serve ws1 ws2
POOL='ws1 ws2'
PORT=8001
keepalived_conf() { # NODE
  cat <<END
global_defs {
  router_id $1
}
vrrp_instance V {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${PRIORITY[$1]}
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass s3cret
  }
  virtual_ipaddress {
    $VIP/24 dev eth0
  }
}
virtual_server $VIP $PORT {
  delay_loop 1
  lvs_sched rr
  lvs_method DR
  protocol TCP
  real_server ${ADDRESS[ws1]} $PORT {
    TCP_CHECK {
      connect_timeout 1
    }
  }
  real_server ${ADDRESS[ws2]} $PORT {
    TCP_CHECK {
      connect_timeout 1
    }
  }
}
END
}
has() { [[ "$(ip -n "$1" -br addr show dev eth0)" == *" $VIP/"* ]]; }
only() { has "$1" && ! has "$2"; }
rows_of() { # the rows that clients meet
  X "$1" ipvsadm -Sn
  ip -n "$1" -o -4 addr show | awk '{ print $2, $4, $5, $6, $7, $8, $9 }'
}
take_over() { # NODE [FILE]
  LBC_CONFIG=${2:-$LBC_CONFIG} lbc "$1" takeover keepalived >"$T/said" 2>&1
  local status=$?
  cat "$T/said"
  check_eq "$1: takeover" "${3:-0}" "$status"
}
settings_of() { X "$1" sysctl net.ipv4.vs net.ipv4.conf.all net.ipv4.conf.eth0 2>/dev/null; }
says() { X "$1" "$LBCONVERGE" -c "$LBC_CONFIG" --node "$1" status 2>/dev/null | grep -q "$2"; }
keepalived_runs() { ip netns pids "$1" | while read -r pid; do cat "/proc/$pid/comm" 2>/dev/null; done | grep -q keepalived; }

for name in lb1 lb2; do
  X $name sysctl -qw net.ipv4.ip_forward=1
  keepalived_conf $name >"$T/$name.conf"
  background $name keepalived -n -l -D -f "$T/$name.conf" -p "$T/$name.pid" -r "$T/$name.vrrp" -c "$T/$name.check" \
    >"$T/$name.ka" 2>&1
  disown $!
done
check "lb1 is master" within 10 only lb1 lb2
loaded() { [ "$(X "$1" ipvsadm -Sn | grep -c -- '^-a ')" = 2 ]; }
check "the table of lb1 is there" within 5 loaded lb1
check "the table of lb2 is there" within 5 loaded lb2

# Look and compare.
import() { X lb1 "$LBCONVERGE" import keepalived "lb1=$T/lb1.conf" "lb2=$T/lb2.conf" >"$T/lb.toml" 2>"$T/remarks"; }
check "both files become one" import
LBC_CONFIG=$T/lb.toml
for name in lb1 lb2; do
  X $name "$LBCONVERGE" import keepalived "$T/$name.conf" --compare >"$T/$name.compared" 2>/dev/null
  cat "$T/$name.compared"
  check_eq "$name: of what clients meet nothing would change" "" \
    "$(grep -E '^ *[0-9]+ [-+~!]' "$T/$name.compared" | grep -v ' sysctl ')"
  check "$name: the service stays" grep -q '= service tcp 192.168.100.20:8001 .*nothing' "$T/$name.compared"
done
check "lb1: the VIP stays" grep -q '= address 192.168.100.20/24 dev eth0 .*nothing' "$T/lb1.compared"

# A file that is not what is here.
sed 's/scheduler = "rr"/scheduler = "wlc"/' "$T/lb.toml" >"$T/other.toml"
take_over lb2 "$T/other.toml" 4
check "keepalived still runs on lb2" keepalived_runs lb2

# A file with which the node would not be what it was: it does not believe its master, and would become one, too.
sed 's/s3cret/another/' "$T/lb.toml" >"$T/other.toml"
rows_of lb2 >"$T/before"
settings_of lb2 >"$T/settings"
take_over lb2 "$T/other.toml" 1
check "lb2: keepalived runs again" within 5 keepalived_runs lb2
check "lb2: its table is there" within 8 loaded lb2
check "lb2: it was not master" only lb1 lb2
check_eq "lb2: the rows are as they were" "$(<"$T/before")" "$(rows_of lb2)"
check_eq "lb2: the settings, too" "$(<"$T/settings")" "$(settings_of lb2)"
check_exit "lb2: nothing is left of lbconverge" 1 lbc lb2 status

# One backup.
check_exit "lb2: what it would do" 0 lbc lb2 takeover keepalived --dry-run
check "keepalived still runs on lb2" keepalived_runs lb2
rows_of lb2 >"$T/before"
background lb2 ip monitor address >"$T/lb2.events"; disown $!
take_over lb2
check "lb2: it was not master" only lb1 lb2
check "lb2: lbconverge is backup" says lb2 backup
check_eq "lb2: the rows are as they were" "$(<"$T/before")" "$(rows_of lb2)"
check_eq "lb2: no address was touched" "" "$(<"$T/lb2.events")"
check_fails "lb2: keepalived has ended" keepalived_runs lb2

# Then the master, with connections that are open meanwhile, and are used again afterwards. How long clients have to
# wait is in the log of the test.
for ((i = 0; i < 17; i++)); do echo "c$i tcp $VIP $PORT 0"; done >"$T/clients"
mkfifo "$T/ask"
crowd hold 60 <"$T/ask" >"$T/held" & held=$!
exec {ask}>"$T/ask"
check "204 connections stand" within 10 grep -q ready "$T/held"
X client "$LAB_TOOLS/pinger" tcp $VIP $PORT 5 12 >"$T/pings" & pings=$!
sleep 1
rows_of lb1 >"$T/before"
background lb1 ip monitor address >"$T/lb1.events"; disown $!
take_over lb1
check "lb1: it has the VIP" only lb1 lb2
check "lb1: lbconverge is master" says lb1 master
check_eq "lb1: the rows are as they were" "$(<"$T/before")" "$(rows_of lb1)"
check_eq "lb1: no address was touched" "" "$(<"$T/lb1.events")"
wait $pings
cat "$T/pings"
check_eq "no request is lost" "fail=0" "$(grep -o 'fail=[0-9]*' "$T/pings")"
echo >&$ask
wait $held
check_eq "and no connection" "204 0" "$(grep -o '=ok' "$T/held" | wc -l) $(grep -Eo '=(reset|hang)' "$T/held" | wc -l)"

# The way back for a pair: the master hands over, and keepalived comes as a backup.
X client "$LAB_TOOLS/pinger" tcp $VIP $PORT 5 18 >"$T/pings" & pings=$!
sleep 1
kill -TERM "$(grep -o 'process [0-9]*' "$T/said" | cut -d' ' -f2)"
check "lb1 hands over" within 5 only lb2 lb1
check_exit "lb1: release" 0 lbc lb1 release
background lb1 keepalived -n -l -D -f "$T/lb1.conf" -p "$T/lb1.pid" -r "$T/lb1.vrrp" -c "$T/lb1.check" >"$T/lb1.ka" 2>&1
disown $!
check "lb1: keepalived is master again" within 12 only lb1 lb2
wait $pings
cat "$T/pings"
check_eq "not one request is lost on the way back" "fail=0" "$(grep -o 'fail=[0-9]*' "$T/pings")"
