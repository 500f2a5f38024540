#!/bin/bash
# Our packets on the wire have the same octets as those of keepalived with the same settings: advertisements (except for
# the identification of the IP header and its checksum), priority 0, gratuitous ARP and neighbour advertisements.
. "$(dirname "$0")/../lab.sh"
. "$LAB/keepalived.sh"

# packets FILTER FILE: from now on lb2 writes the packets that it sees to FILE.
packets() {
  background lb2 tcpdump -U --immediate-mode -s 0 -B 8192 -nni eth0 -w "$2" "$1" 2>"$2.err"
  LAB_SNIFFERS[$2]=$!
  disown $!
  within 5 grep -q 'listening on' "$2.err" || abort "tcpdump: $(cat "$2.err")"
}
written() { # FILE: stops that, and prints one packet per line, in hexadecimal
  sleep 0.3
  kill -TERM "${LAB_SNIFFERS[$1]}"
  within 3 gone "${LAB_SNIFFERS[$1]}" || abort "tcpdump does not end"
  unset "LAB_SNIFFERS[$1]"
  tcpdump -r "$1" -xx -nn 2>/dev/null | awk '/^[0-9]/ {if (line) print line; line = ""; next} {$1 = ""; gsub(/ /, ""); line = line $0} END {print line}'
}

# These remove the fields that each sender may number as it likes.
plain4() { sed -E 's/^(.{36}).{4}(.{8}).{4}/\1____\2____/'; }        # identification, header checksum
plain6() { sed -E 's/^(.{28})6(..).{5}/\16\2_____/'; }               # flow label

# compare WHAT PLAIN VERSION INTERVAL OUR_EXTRA THEIR_EXTRA VIP...
compare() {
  local what=$1 plain=$2 version=$3 interval=$4 our_extra=$5 their_extra=$6 side
  shift 6
  for side in ours theirs; do
    packets 'ip proto 112 or ip6 proto 112' "$T/$side.adverts"
    packets 'arp or (icmp6 and ip6[40] == 136)' "$T/$side.told"
    if [ $side = ours ]; then ours lb1 150 "$our_extra" "$@"; else theirs lb1 150 "$version" "$interval" "$their_extra" "$@"; fi
    check "$what: $side becomes master" within 8 has lb1 "${*: -1}"
    sleep 0.5
    end lb1
    written "$T/$side.adverts" | $plain | uniq >"$T/$side.adverts.hex"
    written "$T/$side.told" | grep -v "^$(mac lb2 eth0 | tr -d :)" | sort -u >"$T/$side.told.hex"
  done
  check_eq "$what: advertisements, the last one with priority 0" "$(cat "$T/theirs.adverts.hex")" "$(cat "$T/ours.adverts.hex")"
  check_eq "$what: there were two kinds" 2 "$(wc -l <"$T/ours.adverts.hex")"
  check_eq "$what: what the neighbours were told" "$(cat "$T/theirs.told.hex")" "$(cat "$T/ours.told.hex")"
  check "$what: they were told something" test -s "$T/ours.told.hex"
}

compare "version 2" plain4 2 1 'version = 2' '' $VIP 192.168.100.21
compare "version 2 with a password" plain4 2 1 $'version = 2\nauth_pass = "s3cr3tPw"' "$PASSWORD" $VIP
compare "version 3" plain4 3 0.2 'advert_interval = "200ms"' '' $VIP 192.168.100.21
compare "version 3 over IPv6" plain6 3 0.2 'advert_interval = "200ms"' '' $LINK6 $VIP6
