#!/bin/bash
# lookup says which real server a client gets, before the client comes: for mh and sh, for a server that is out of use,
# and after a history that changed the order of the kernel's list. Of wlc it says that nobody can know.
. "$(dirname "$0")/../lab.sh"
topo_four
for n in 1 2 3 4 5 6; do node "c$n" eth0=192.168.100.3$n/24; done
LBC_CONFIG=$T/lb.toml
service() { printf '[[service]]\nvip = "192.168.100.20"\nport = %s\nscheduler = "%s"\nscheduler_flags = [%s]\nreal_servers = ["ws1", "ws2"]\n' "$@"; }
{
  printf 'interface = "eth0"\nvips = ["192.168.100.20"]\n[nodes]\nlb1 = { role = "director", address = "192.168.100.1" }\n'
  printf 'ws%s = { role = "real-server", address = "192.168.100.%s" }\n' 1 3 2 4
  service 80 mh '"mh-fallback"'
  service 81 sh ''
  service 82 wlc ''
} >"$LBC_CONFIG"
modprobe -q ip_vs
for ws in ws1 ws2; do
  serve $ws 80 81
  check "$ws converges" lbc $ws apply
done
check "lb1 converges" lbc lb1 apply

declare -A name=([192.168.100.3]=ws1 [192.168.100.4]=ws2 [none]=none)
# looked_up PORT, fetched PORT: which server each client gets, as lookup says, and as it is.
looked_up() {
  local n server
  for n in 1 2 3 4 5 6; do
    server=$(lbc lb1 lookup "192.168.100.20:$1" "192.168.100.3$n" --json | sed 's/.*"server":"\([0-9.]*\).*/\1/;t;s/.*/none/')
    printf '%s ' "${name[$server]}"
  done
}
fetched() {
  local n
  for n in 1 2 3 4 5 6; do printf '%s ' "$(fetch "c$n" "http://192.168.100.20:$1/" || echo none)"; done
}
check_eq "mh, as looked up" "$(looked_up 80)" "$(fetched 80)"
check_eq "both servers are chosen" 2 "$(looked_up 80 | tr ' ' '\n' | grep . | sort -u | wc -l)"
check_eq "sh, as looked up" "$(looked_up 81)" "$(fetched 81)"
before=$(looked_up 81)
X lb1 ipvsadm -d -t 192.168.100.20:81 -r 192.168.100.3:81
X lb1 ipvsadm -a -t 192.168.100.20:81 -r 192.168.100.3:81 -g
X lb1 ipvsadm -d -t 192.168.100.20:81 -r 192.168.100.4:81
X lb1 ipvsadm -a -t 192.168.100.20:81 -r 192.168.100.4:81 -g
X lb1 ipvsadm -d -t 192.168.100.20:81 -r 192.168.100.3:81
X lb1 ipvsadm -a -t 192.168.100.20:81 -r 192.168.100.3:81 -g
check_eq "the order is wrong" "  1 ~   server 192.168.100.4:81  to the head of the list                drifted" \
  "$(lbc lb1 diff | grep -F 'to the head')"
check_eq "diff says how many clients that moves" 1 "$(lbc lb1 diff | grep -c 'm service tcp 192.168.100.20:81  sh .* of its clients get another server')"
check "in another order sh chooses otherwise" test "$before" != "$(looked_up 81)"
check_eq "sh in another order, as looked up" "$(looked_up 81)" "$(fetched 81)"
check_eq "the choice by the file is the old one" "$before" \
  "$(for n in 1 2 3 4 5 6; do printf '%s ' "${name[$(lbc lb1 lookup 192.168.100.20:81 192.168.100.3$n --json | sed 's/.*"file":"\([0-9.]*\).*/\1/')]}"; done)"
check "it is put right" lbc lb1 apply
check_eq "and so the choice is the old one" "$before" "$(fetched 81)"
check_eq "nothing is left to do" 0 "$(lbc lb1 diff >/dev/null; echo $?)"
X lb1 ipvsadm -e -t 192.168.100.20:80 -r 192.168.100.3:80 -g -w 0
check_eq "mh-fallback leads to the other one" "ws2 ws2 ws2 ws2 ws2 ws2 " "$(looked_up 80)"
check_eq "and so it is" "$(looked_up 80)" "$(fetched 80)"
check_eq "of wlc nobody can know" 1 "$(lbc lb1 lookup 192.168.100.20:82 192.168.100.31 | grep -c 'cannot be known')"
check_exit "a service that is not there" 1 lbc lb1 lookup 192.168.100.20:83 192.168.100.31
check_exit "a client that is none" 64 lbc lb1 lookup 192.168.100.20:80 somebody
