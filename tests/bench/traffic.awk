# The tables of tests/bench/traffic. Lines: load SIDE EVENT KIND.SCHEDULER SENT LOST GAP_MS FIRST LAST MOVES
# MOVES: "ws1>ws2:3,...", answers from another server than the client's last. And held SIDE EVENT KIND.SCHEDULER
# SERVER=OUTCOME:MS..., connections that stood before the event, used again after it.
BEGIN {
    text["dies"] = "a server dies"; text["returns"] = "it returns"
    text["drained"] = "a server is drained"; text["undrained"] = "it is used again"
    text["leaves"] = "a server leaves the file"; text["added"] = "a server is added"
    text["weight"] = "one weight changes"; text["scheduler"] = "the schedulers change"; text["flag"] = "a flag is set"
    text["checks-fail"] = "all checks fail, the servers live"; text["checks-work"] = "the checks work again"
    text["reloaded"] = "the daemon is reloaded"; text["restarted"] = "the daemon is restarted"
    text["killed"] = "the daemon is killed, and started again"
    text["stops"] = "the director stops"; text["starts"] = "it starts again"
    text["cut"] = "the director dies"; text["plugged"] = "it returns"
    for (e in text) sync[e "-sync"] = text[e] ", with synchronisation"
    for (e in sync) text[e] = sync[e]
}
# Whether a move is the event itself: away from the server that goes, to the one that comes.
function meant(event, from, to) {
    if (event ~ /^(dies|drained|leaves)$/) return from == "ws1"
    return event ~ /^(returns|undrained|added)$/ && to == "ws1"
}
# Only where the client has a place: the service persists, is UDP (a flow), or its scheduler hashes.
function moves(event, label, list,   n, i, m, part, sum) {
    if (label ~ /^(tcp|sctp)\.(rr|wrr|lc|wlc|lblc|lblcr|sed|nq|fo|ovf)$/) return 0
    n = split(list, m, ",")
    for (i = 1; i <= n; i++) if (split(m[i], part, /[>:]/) == 3 && !meant(event, part[1], part[2])) sum += part[3]
    return sum
}
$1 == "load" {
    if (!($2 in sides)) { sides[$2] = ++side_count; side_name[side_count] = $2 }
    if (!($3 in events)) { events[$3] = ++event_count; event_name[event_count] = $3 }
    if (!($4 in labels)) { labels[$4] = ++label_count; label_name[label_count] = $4 }
    k = $2 SUBSEP $3
    there[k] = 1; sent[k] += $5; lost[k] += $6; moved[k] += moves($3, $4, $10)
    if ($7 > gap[k]) gap[k] = $7
    lost_of[k, $4] = $6; moved_of[k, $4] = moves($3, $4, $10)
}
$1 == "held" {
    k = $2 SUBSEP $3
    for (i = 5; i <= NF; i++) {
        split($i, part, /[=:]/)
        if (part[1] !~ /^ws/) continue
        held[k]++
        if (part[2] == "reset") reset[k]++
        if (part[2] == "hang") hang[k]++
    }
}
$1 == "unsettled" { unsettled = unsettled "\n" $2 " does not settle after: " text[$3] }
END {
    printf "| event |"
    for (s = 1; s <= side_count; s++) printf " %s: lost of sent | moved | gap, ms | connections reset, hang, of |", side_name[s]
    printf "\n|---|"
    for (s = 1; s <= side_count; s++) printf "---|---|---|---|"
    print ""
    for (e = 1; e <= event_count; e++) {
        printf "| %s |", text[event_name[e]]
        for (s = 1; s <= side_count; s++) {
            k = side_name[s] SUBSEP event_name[e]
            if (k in there) printf " %d of %d | %d | %d | %d, %d, %d |", lost[k], sent[k], moved[k], gap[k], reset[k], hang[k], held[k]
            else printf " | | | |"
        }
        print ""
    }
    if (unsettled != "") print unsettled
    print "\nBy service, lost+moved, where there is any:\n"
    for (e = 1; e <= event_count; e++) for (s = 1; s <= side_count; s++) {
        k = side_name[s] SUBSEP event_name[e]
        line = ""
        for (l = 1; l <= label_count; l++)
            if (lost_of[k, label_name[l]] + moved_of[k, label_name[l]] > 0)
                line = line sprintf(" %s:%d+%d", label_name[l], lost_of[k, label_name[l]], moved_of[k, label_name[l]])
        if (line != "") printf "%s, %s:%s\n", event_name[e], side_name[s], line
    }
}
