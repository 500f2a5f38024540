#!/bin/bash
# VRRP version 3 with Debian's keepalived as the peer, both ways: IPv4 and IPv6, multicast and unicast.
. "$(dirname "$0")/../lab.sh"
. "$LAB/keepalived.sh"

both_ways "version 3" 3 0.2 'advert_interval = "200ms"' '' $VIP
both_ways "version 3 over IPv6" 3 0.2 'advert_interval = "200ms"' '' $LINK6 $VIP6
both_ways "version 3, unicast" 3 0.2 $'advert_interval = "200ms"\npeers = ["PEER4"]' "$UNICAST4" $VIP
both_ways "version 3 over IPv6, unicast" 3 0.2 $'advert_interval = "200ms"\npeers = ["PEER6"]\nsource = "SELF6"' \
  "$UNICAST6" $LINK6 $VIP6
