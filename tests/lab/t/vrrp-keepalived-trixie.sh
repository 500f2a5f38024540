#!/bin/bash
# VRRP with the keepalived of Debian 13 (2.3) as the peer, both ways: versions 2 and 3, IPv4 and IPv6.
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
