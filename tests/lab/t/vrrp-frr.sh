#!/bin/bash
# VRRP with FRR's vrrpd as the peer, both ways: versions 2 and 3, IPv4 and IPv6.
. "$(dirname "$0")/../lab.sh"
. "$LAB/frr.sh"

both_ways "version 2" 2 1000 'version = 2' '' $VIP
both_ways "version 3" 3 200 'advert_interval = "200ms"' '' $VIP
both_ways "version 3 over IPv6" 3 200 'advert_interval = "200ms"' '' $LINK6 $VIP6
