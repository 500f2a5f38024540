#!/bin/bash
# Directors choose alike: three directors with one file but histories drawn by chance (servers and weights that come and
# go in the file, checks that fail, drains, reloads, restarts, rows that somebody removes and adds by hand) have the same
# table of slots in the end, as a director has it that has just loaded the file. LAB_HISTORIES says how many histories;
# LAB_SEED which ones.
. "$(dirname "$0")/../lab.sh"
HISTORIES=${LAB_HISTORIES:-10}
RANDOM=${LAB_SEED:-12}
VIP=192.168.100.20
DIRECTORS=(lb1 lb2 lb3)
PORTS='80 81'

lab_begin
for n in 1 2 3; do node lb$n "eth0=192.168.100.$n/24"; done
modprobe -qa ip_vs ip_vs_mh ip_vs_sh

# pool: some of seven servers, each with its own check and weight; the first one always.
pool() {
  local n
  for n in 1 2 3 4 5 6 7; do
    [ $n = 1 ] || ((RANDOM % 3)) || continue
    printf '{ address = "192.168.100.10%s", weight = %s, check = { type = "file", path = "/run/ws%s", interval = "200ms", rise = 1, fall = 1 } },\n' \
      $n $((1 + RANDOM % 3)) $n
  done
}

# file NODE...: a file drawn by chance, the same for these nodes.
file() {
  local one each
  one=$(pool)
  for each; do
    {
      printf '[nodes]\n'
      for n in 1 2 3; do printf 'lb%s = { role = "director", address = "192.168.100.%s" }\n' $n $n; done
      printf '[[service]]\nvip = "%s"\nport = %s\nscheduler = "%s"\nkeep = "0%%"\nreal_servers = [\n%s]\n' \
        $VIP 80 mh "$one" $VIP 81 sh "$one"
    } >"$T/$each.toml"
  done
}

on() { LBC_CONFIG=$T/$1.toml lbc "$@"; }
# A signal that comes before the daemon has its handlers would end it.
restart() { LBC_CONFIG=$T/$1.toml start "$1" && within 10 on "$1" status >/dev/null 2>&1; }
reload() { kill -HUP "${DAEMON[$1]}"; }
health() { X "$1" sh -c "echo $3 >/run/ws$2"; }
# shellcheck disable=SC2016  # the dollar is for the shell of the node
all_up() { X "$1" sh -c 'for n in 1 2 3 4 5 6 7; do echo up >/run/ws$n; done'; }

# by_hand NODE: somebody removes a server and adds it again, or another one.
by_hand() {
  local port=$((80 + RANDOM % 2)) server=192.168.100.10$((1 + RANDOM % 7))
  X "$1" ipvsadm -d -t $VIP:$port -r $server:$port
  ((RANDOM % 2)) || X "$1" ipvsadm -a -t $VIP:$port -r $server:$port -g -w $((RANDOM % 4))
} 2>/dev/null

declare -A DRAINED=()
# undrain_all NODE
undrain_all() {
  local n
  for n in ${DRAINED[$1]}; do on "$1" undrain 192.168.100.10"$n" >/dev/null 2>&1; done
  DRAINED[$1]=''
}

# happens NODE: one event of its history.
happens() {
  case $((RANDOM % 7)) in
    0 | 1) file "$1" && reload "$1" ;;
    2) health "$1" $((1 + RANDOM % 7)) down ;;
    3) health "$1" $((1 + RANDOM % 7)) up ;;
    4)
      local n=$((1 + RANDOM % 7))
      on "$1" drain --force 192.168.100.10$n >/dev/null 2>&1 && DRAINED[$1]+=" $n" ;;
    5) by_hand "$1" ;;
    6) stop "$1" && restart "$1" ;;
  esac
  sleep "0.$((RANDOM % 4))"
}

# tables NODE: the fingerprints of its services.
tables() { on "$1" status --json | grep -o '"table":"[0-9a-f]*"' | sort | paste -sd' '; }
settled() { on "$1" diff >/dev/null; }

file "${DIRECTORS[@]}"
for name in "${DIRECTORS[@]}"; do
  all_up "$name"
  restart "$name"
done
for name in "${DIRECTORS[@]}"; do check "$name has its table" within 20 settled "$name"; done
for ((history = 1; history <= HISTORIES; history++)); do
  for name in "${DIRECTORS[@]}"; do
    for ((events = RANDOM % 5; events >= 0; events--)); do happens "$name"; done
  done
  file "${DIRECTORS[@]}"
  for name in "${DIRECTORS[@]}"; do
    all_up "$name"
    undrain_all "$name"
    reload "$name"
  done
  for name in "${DIRECTORS[@]}"; do check "history $history: $name comes to rest" within 20 settled "$name"; done
  check_eq "history $history: lb2 as lb1" "$(tables lb1)" "$(tables lb2)"
  check_eq "history $history: lb3 as lb1" "$(tables lb1)" "$(tables lb3)"
done
check_eq "two services have a table" 2 "$(tables lb1 | wc -w)"
for port in $PORTS; do
  for client in 203.0.113.7 198.51.100.99 192.0.2.1 10.11.12.13; do
    check_eq "port $port: $client has the server of a director that has just loaded the file" 1 \
      "$(on lb1 lookup $VIP:$port $client --json | grep -cE '"server":("[^"]*").*"file":\1')"
  done
done
