#!/bin/bash
# VRRP with FRR's vrrpd as the peer, both ways: versions 2 and 3, IPv4 and IPv6.
. "$(dirname "$0")/../lab.sh"
. "$LAB/frr.sh"

both_ways "version 2" 2 1000 'version = 2' '' $VIP
both_ways "version 3" 3 200 'advert_interval = "200ms"' '' $VIP
both_ways "version 3 over IPv6" 3 200 'advert_interval = "200ms"' '' $LINK6 $VIP6

# beside WHAT OUR_EXTRA OUR_VIP...: we are master, and an FRR with the lower priority has been there for a while.
beside() {
  local what=$1 extra=$2
  shift 2
  ours lb2 150 $'advert_interval = "200ms"\n'"$extra" "$@"
  check "$what: we are master" within 8 has lb2
  theirs lb1 100 3 200 '' $VIP
  sleep 1.2 # its down interval is 0.7 s
}
ended() {
  end lb1
  end lb2
}
beside "other VIPs" '' 192.168.100.21 $VIP
check "other VIPs: it hears us all the same, and stays backup" lacks lb1
ended
beside "the checksum of RFC 9568" 'checksum = "message"' $VIP
check "the checksum of RFC 9568: it drops ours, and both are master" bound lb1 $VIP
check "the checksum of RFC 9568: and we hear it" heard lb2
ended
