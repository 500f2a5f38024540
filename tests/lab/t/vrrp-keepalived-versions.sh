#!/bin/bash
# What differs between keepalived 2.2.7 (Debian 12) and 2.3.3 (Debian 13) beside a master of ours, as the manual says it.
# lab: keepalived trixie
. "$(dirname "$0")/../lab.sh"
[ -n "${LAB_KEEPALIVED:-}" ] || skip "no keepalived of Debian 13: ${LAB_NO_KEEPALIVED:-start this test by labtest}"
mount --bind "${LAB_KEEPALIVED%/*}/etc" /etc/keepalived # that one does not start without one of these files
. "$LAB/keepalived.sh"

# beside WHAT OLD NEW THEIR_EXTRA VIP...: we are master. Is that keepalived, which has a lower priority, "backup" or
# "master, too"?
beside() {
  local what=$1 old=$2 new=$3 extra=$4
  shift 4
  KEEPALIVED=keepalived becomes "$what, 2.2.7" "$old" "$extra" "$@"
  KEEPALIVED=$LAB_KEEPALIVED becomes "$what, 2.3.3" "$new" "$extra" "$@"
  check "$what: we stay master" has lb1 "${*: -1}"
  end lb1
}
becomes() {
  local what=$1 expected=$2 state=backup
  theirs lb2 100 3 0.2 "$(for_node lb2 "$3")" "${@:4}"
  sleep 1.2 # its down interval is 0.7 s
  lacks lb2 "${*: -1}" || state="master, too"
  check_eq "$what" "$expected" "$state"
  end lb2
}
alone() { # EXTRA VIP...
  ours lb1 150 "$(for_node lb1 $'advert_interval = "200ms"\n'"$1")" "${@:2}"
  check "we are master" within 8 has lb1 "${*: -1}"
}

alone '' 192.168.100.21 $VIP
beside "another number of VIPs" "master, too" backup '' $VIP
alone '' 192.168.100.21 $VIP
beside "as many VIPs, but others" "master, too" backup '' 192.168.100.22 $VIP
alone '' $VIP6
beside "IPv6, no link-local VIP on either side" "master, too" backup '' $VIP6
alone 'checksum = "message"' $VIP
beside "the checksum of RFC 9568" "master, too" "master, too" '' $VIP
