#!/bin/bash
# The same with IPv6 as traffic-dead-server.
# shellcheck disable=SC2034  # for that test
ipv6=1
# shellcheck source-path=SCRIPTDIR source=traffic-dead-server.sh
. "${0%/*}/traffic-dead-server.sh"
