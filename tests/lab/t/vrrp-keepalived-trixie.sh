#!/bin/bash
# VRRP with the keepalived of Debian 13 (2.3) as the peer, both ways; and what has changed since that of Debian 12.
# lab: keepalived trixie
. "$(dirname "$0")/../lab.sh"
[ -n "${LAB_KEEPALIVED:-}" ] || skip "no keepalived of Debian 13: ${LAB_NO_KEEPALIVED:-start this test by labtest}"
KEEPALIVED=$LAB_KEEPALIVED
mount --bind "${KEEPALIVED%/*}/etc" /etc/keepalived # it does not start without one of these files
. "$LAB/keepalived.sh"

both_ways "version 2 with a password" 2 1 $'version = 2\nauth_pass = "s3cr3tPw"' "$PASSWORD" $VIP
both_ways "version 3" 3 0.2 'advert_interval = "200ms"' '' $VIP
both_ways "version 3 over IPv6" 3 0.2 'advert_interval = "200ms"' '' $LINK6 $VIP6
both_ways "version 3 over IPv6, unicast" 3 0.2 $'advert_interval = "200ms"\npeers = ["PEER6"]\nsource = "SELF6"' \
  "$UNICAST6" $LINK6 $VIP6

# Another list of VIPs: the new one says so in its log; the old one drops the advertisement, and then both are master.
ours lb1 150 'advert_interval = "200ms"' $VIP 192.168.100.21
check "other VIPs: we are master" within 8 has lb1
theirs lb2 100 3 0.2 '' $VIP
check "other VIPs: keepalived says so" within 5 grep -q 'expected 1 VIPs but received 2' "$T/lb2.ka"
sleep 1 # longer than its down interval
check "other VIPs: it hears us all the same, and stays backup" lacks lb2
end lb2
KEEPALIVED=keepalived theirs lb2 100 3 0.2 '' $VIP
check "other VIPs: that of Debian 12 drops ours, and both are master" within 8 has lb2
check "other VIPs: we too" has lb1
end lb2
end lb1
