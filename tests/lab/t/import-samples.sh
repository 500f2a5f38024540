#!/bin/bash
# Debian's samples of keepalived.conf: keepalived runs with each of them, and the imported file would change nothing of
# its addresses and of its IPVS table. (Its checks get answers of nobody here, so that the comparison comes early.)
. "$(dirname "$0")/../lab.sh"
command -v keepalived >/dev/null || skip "keepalived is not installed"
SAMPLES=$LAB_REPO/tests/golden/import-keepalived/samples

lab_begin
node lb1 eth0=192.168.200.2/24 eth1=192.168.201.2/24@br1 eth2=192.168.202.2/24@br2
X lb1 sysctl -qw net.ipv4.ip_forward=1
ready() { grep -Eq 'Startup complete|Entering MASTER STATE' "$T/ka.log"; }
settled() { # the table does not grow any more
  local now
  now=$(X lb1 ipvsadm -Sn; ip -n lb1 -o addr)
  [ "$now" = "${LAST:-}" ] || { LAST=$now; return 1; }
}
compared=0 rows=0
for sample in "$SAMPLES"/keepalived.conf.*; do
  name=${sample##*keepalived.conf.}
  background lb1 keepalived -n -l -D -f "$sample" -p "$T/ka.pid" -r "$T/ka.vrrp" -c "$T/ka.check" >"$T/ka.log" 2>&1
  pid=$!
  disown $pid
  if within 5 ready; then
    LAST='' within 4 settled
    X lb1 "$LBCONVERGE" import keepalived "$sample" --compare >"$T/compared" 2>"$T/remarks"
    check_eq "$name: the table and the addresses stay" "" \
      "$(grep -E '^ *[0-9]+ [-+~!]' "$T/compared" | grep -Ev ' (sysctl|timeouts) ')"
    compared=$((compared + 1)) rows=$((rows + $(grep -c '^  = \( \|service\|address\)' "$T/compared")))
  else
    check_fails "$name: keepalived does not run with it" grep -q 'Startup complete' "$T/ka.log"
    tail -n 3 "$T/ka.log"
  fi
  kill -TERM "$pid" 2>/dev/null
  within 8 gone "$pid"
  rm -f "$T"/ka.*
  X lb1 ipvsadm -C
done
echo "$compared samples compared, $rows rows stay"
check "most samples were compared" [ $compared -ge 20 ]
check "rows stay" [ $rows -ge 40 ]
