#!/bin/bash
# VRRP version 2 with Debian's keepalived as the peer, both ways; and which node is master if the priorities are equal.
. "$(dirname "$0")/../lab.sh"
. "$LAB/keepalived.sh"

both_ways "version 2" 2 1 'version = 2' '' $VIP
both_ways "version 2 with a password" 2 1 $'version = 2\nauth_pass = "s3cr3tPw"' "$PASSWORD" $VIP

# With equal priorities the master stays master. (The addresses decide only between two masters, RFC 9568 §6.4.3.)
theirs lb1 100 3 0.2 '' $VIP
check "equal priority: keepalived is master" within 8 has lb1
ours lb2 100 'advert_interval = "200ms"' $VIP
check "equal priority: we hear it" within 5 heard lb2
sleep 1 # longer than a down interval
check "equal priority: we leave it that" lacks lb2
end lb1
check "equal priority: we take over when it stops" within 3 has lb2
theirs lb1 100 3 0.2 '' $VIP
sleep 1
check "equal priority: it leaves us that" lacks lb1
check "equal priority: and we are still master" has lb2
end lb2
end lb1

theirs lb1 100 3 0.2 '' $VIP
check "no preemption: keepalived is master" within 8 has lb1
ours lb2 200 $'advert_interval = "200ms"\npreempt = false' $VIP
check "no preemption: we hear it" within 5 heard lb2
sleep 1
check "no preemption: we leave it that, with a higher priority" lacks lb2
end lb1
check "no preemption: we take over when it stops" within 3 has lb2
end lb2
