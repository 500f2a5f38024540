#!/bin/bash
# The part of tests/bench/traffic in the guest: writes lines "load SIDE EVENT" and "held SIDE EVENT", with a line of
# crowd, to $LAB_OUT/results.
. "$(dirname "$0")/../lab/lab.sh"
. "$LAB/traffic.sh"
results=$LAB_OUT/results
: >"$results"
schedulers=${LBCONVERGE_SCHEDULERS:-rr wlc dh sh mh}
kinds=${LBCONVERGE_KINDS:-tcp tcp-p udp udp-p}
CHECK_PORT=7000 # its own, so that it can die while the servers live
interval=400    # ms between two requests of a client to a service
declare -A RUNNING=() CHECKED=()

# ---- the two programs -------------------------------------------------------------------------------------------

configure() {
  local name
  if [ "$side" = lbconverge ]; then
    ours >"$T/lb.toml.new" && mv "$T/lb.toml.new" "$T/lb.toml"
  else
    for name in lb1 lb2; do theirs $name "${side#keepalived}" >"$T/$name.conf"; done
  fi
}

daemon() { # NODE: start it
  if [ "$side" = lbconverge ]; then
    background "$1" "$LBCONVERGE" -c "$T/lb.toml" --node "$1" run >>"$T/$1.log" 2>&1
  else
    background "$1" keepalived -n -D -f "$T/$1.conf" -p "$T/$1.pid" -r "$T/$1.vrrp" -c "$T/$1.check" >>"$T/$1.log" 2>&1
  fi
  RUNNING[$1]=$!
  disown $!
}
processes() { # NODE: all of the daemon's
  if [ "$side" = lbconverge ]; then echo "${RUNNING[$1]}"; else cat "$T/$1.pid" "$T/$1.vrrp" "$T/$1.check" 2>/dev/null; fi
}
ended() { local p; for p in $1; do ! kill -0 "$p" 2>/dev/null || return 1; done; }
halt() { # NODE SIGNAL: end it, and wait for its end
  local all
  all=$(processes "$1")
  # shellcheck disable=SC2086  # one word per process
  case $2 in KILL) kill -KILL $all ;; TERM) kill -TERM "${all%%$'\n'*}" ;; esac
  within 12 ended "$all" || abort "$side on $1 does not end"
  rm -f "$T/$1.pid" "$T/$1.vrrp" "$T/$1.check"
}
reload() { # both nodes read their file again
  local name
  configure
  for name in lb1 lb2; do
    if [ "$side" = lbconverge ]; then kill -HUP "${RUNNING[$name]}"; else kill -HUP "$(cat "$T/$name.pid")"; fi
  done
}

# ---- the state between two events -------------------------------------------------------------------------------

has() { [[ "$(ip -n "$1" -br addr show dev eth0)" == *" $VIP/"* ]]; }
rows() { X "$1" ipvsadm -Sn | sort; }
is_whole() { # NODE: all servers are there with their weight
  [ "$(rows "$1" | grep -c -- "-r 192.168.100.[345]:.* -w 1\$")" = "$whole" ]
}
settled() { has lb1 && ! has lb2 && is_whole lb1 && is_whole lb2; }
# A side that does not settle is a result, and no reason to lose those of the others.
settle() {
  local name
  if ! within 30 settled; then
    echo "unsettled $side $event" >>"$results"
    for name in lb1 lb2; do ip -n $name -br addr show dev eth0; rows $name | grep -c -- ' -w 1$'; tail -5 "$T/$name.log"; done
  fi
  sleep 0.5
}
check_server() { CHECKED[$1]=$(X "$1" "$LAB_TOOLS/labsrv" "$1" $CHECK_PORT); }

# ---- the events -------------------------------------------------------------------------------------------------

# Each leaves the state to the one that undoes it.
weights() { WEIGHT=([ws1]=$1 [ws2]=$2 [ws3]=$3); reload; }
operator() { # drain or undrain; keepalived has only its file
  case $side,$1 in
    lbconverge,*) LBC_CONFIG=$T/lb.toml; { lbc lb1 "$1" ws1 && lbc lb2 "$1" ws1; } >/dev/null || echo "$1: status $?" ;;
    *,drain) weights 0 1 1 ;;
    *,undrain) weights 1 1 1 ;;
  esac
}
happens() {
  local name
  case $1 in
    dies) cable_pull ws1 ;;
    returns) cable_plug ws1 ;;
    drained) operator drain ;;
    undrained) operator undrain ;;
    leaves) POOL='ws2 ws3'; reload ;;
    added) POOL='ws1 ws2 ws3'; reload ;;
    weight) weights 1 2 1 ;;
    scheduler) OTHER_SCHEDULERS=1; reload ;;
    flag) FALLBACK=1; reload ;;
    checks-fail) for name in ws1 ws2 ws3; do kill -KILL "${CHECKED[$name]}"; done ;;
    checks-work) for name in ws1 ws2 ws3; do check_server $name; done ;;
    reloaded) reload ;;
    restarted) halt lb1 TERM; daemon lb1 ;;
    killed) halt lb1 KILL; sleep 0.2; daemon lb1 ;;
    stops*) halt lb1 TERM ;;
    starts*) daemon lb1 ;;
    cut*) cable_pull lb1 ;;
    plugged*) cable_plug lb1 ;;
  esac
}
# What is undone without being measured, before the next event.
undo() {
  case $1 in
    weight) weights 1 1 1 ;;
    scheduler) OTHER_SCHEDULERS=''; reload ;;
    flag) FALLBACK=''; reload ;;
  esac
}
# The events after which the whole table is not to be expected.
leaves_unsettled() { case $1 in dies | drained | leaves | checks-fail | stops* | cut*) ;; *) return 1 ;; esac; }

# The clients ask all the time; besides, each has a connection to each service of TCP, which it uses again at the end.
measure() { # EVENT SECONDS
  local crowd streams go
  event=$1
  mkfifo "$T/go"
  X client "$LAB_TOOLS/crowd" $FIRST_CLIENT $CLIENTS "$T/streams" hold 2 <"$T/go" >"$T/held" & streams=$!
  exec {go}>"$T/go"
  within 8 grep -q ready "$T/held"
  crowd load $interval "$2" >"$T/load" & crowd=$!
  sleep 1.5
  happens "$event"
  wait $crowd
  echo >&"$go"
  wait $streams
  exec {go}>&-
  rm "$T/go"
  sed "s/^/load $side $event /" "$T/load" >>"$results"
  sed "/^ready/d; s/^/held $side $event /" "$T/held" >>"$results"
  undo "$event"
  leaves_unsettled "$event" || settle
  echo "$side $event ($SECONDS s)"
}

wanted() { [ -z "${LBCONVERGE_TRAFFIC:-}" ] || [[ " $LBCONVERGE_TRAFFIC " == *" $1 "* ]]; }
pair() { # FIRST SECOND SECONDS: an event and its undoing
  wanted "$1" || wanted "$2" || return 0
  measure "$1" "$3"
  measure "$2" "$3"
}
single() { ! wanted "$1" || measure "$1" "$2"; }

# ---- one side ---------------------------------------------------------------------------------------------------

begin() {
  local name
  configure
  for name in lb1 lb2; do
    : >"$T/$name.log"
    daemon $name
  done
  event=begin
  settle
}
finish() {
  halt lb2 TERM
  halt lb1 TERM
  for name in lb1 lb2; do cp "$T/$name.log" "$LAB_OUT/$side-$name.log"; done
}

all_events() {
  local name
  traffic_lab lb1 lb2 ws1 ws2 ws3
  traffic_services "$schedulers" "$kinds"
  grep '^tcp' "$T/clients" >"$T/streams"
  traffic_serve ws1 ws2 ws3
  for name in ws1 ws2 ws3; do check_server $name; done
  whole=$(($(wc -l <"$T/services") * 3))
  [ "$side" != keepalived-best ] ||
    for name in lb1 lb2; do X $name sysctl -qw net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1; done
  SYNC=''
  begin
  pair dies returns 6.5
  pair drained undrained 5
  pair leaves added 5
  single weight 5
  single scheduler 5
  single flag 5
  pair checks-fail checks-work 6.5
  single reloaded 4.5
  single restarted 6.5
  single killed 6.5
  pair stops starts 5.5
  pair cut plugged 5.5
  finish
  SYNC=1
  wanted stops-sync || wanted starts-sync || wanted cut-sync || wanted plugged-sync || return 0
  begin
  sleep 3 # connections are sent after two seconds at the latest
  pair stops-sync starts-sync 6.5
  pair cut-sync plugged-sync 6.5
  finish
}

modprobe -q ip_vs
for side; do all_events; done
ok "measured"
