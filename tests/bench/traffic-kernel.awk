# The tables of tests/bench/traffic-kernel. Lines:
#   cell METHOD ACTION KIND.SCHEDULER DEAD LOST LOST2 MOVED OTHERS STICKY BACK LOST_BACK
#   held METHOD ACTION KIND.SCHEDULER OK RESET HANG MS BROKEN
#   late METHOD ACTION KIND.SCHEDULER LOST
# Schedulers that behave alike are one row: those that look at the weight at each choice, and the others one by one.
function group(scheduler) {
    if (scheduler == "ovf") return "ovf, weight 1"
    return scheduler ~ /^(dh|sh|mh)$/ ? scheduler : "others"
}
function seen(list, key) { if (!(key in list)) { list[key] = ++size[list["name"]]; name_at[list["name"], size[list["name"]]] = key } }
{
    split($4, part, ".")
    kind = part[1]; g = group(part[2]); run = $2 " " $3
    seen(runs, run)
}
$1 == "cell" {
    seen(rows, kind " | " g)
    key = run SUBSEP kind " | " g
    n[key]++; dead[key] += $5; lost[key] += $6; lost2[key] += $7
    # Who is sent where by turns or by load has no place that it could lose.
    if ($10) { moved[key] += $8; others[key] += $9; back[key] += $11; sticky[key] += 12 }
    total[run] += $6; of[run] += 12
    lost_back[run] += $12
}
$1 == "held" {
    seen(holds, kind)
    key = run SUBSEP kind
    on[key] += $5; reset[key] += $6; hang[key] += $7; broken[key] += $9
    if ($8 > most[key]) most[key] = $8
}
$1 == "late" { key = run SUBSEP kind; late[key] += $5; lates[key] += 12 }
BEGIN { runs["name"] = "runs"; rows["name"] = "rows"; holds["name"] = "holds" }
function head(title,   i) {
    printf "| %s |", title
    for (i = 1; i <= size["runs"]; i++) printf " %s |", name_at["runs", i]
    printf "\n|---|%s", (title ~ /\|/ ? "---|" : "")
    for (i = 1; i <= size["runs"]; i++) printf "---|"
    print ""
}
END {
    print "Lost of all requests, one by each of 12 clients:"
    print ""
    print "| run | lost of | lost after the return |"
    print "|---|---|---|"
    for (i = 1; i <= size["runs"]; i++) { r = name_at["runs", i]; printf "| %s | %d of %d | %d |\n", r, total[r], of[r], lost_back[r] }
    print ""
    print "Lost / lost of the second request (clients of the dead server before); m: clients of living servers who were moved, of those who had a place; b: clients who are where they were after its return:"
    print ""
    head("kind | scheduler")
    for (j = 1; j <= size["rows"]; j++) {
        row = name_at["rows", j]
        printf "| %s |", row
        for (i = 1; i <= size["runs"]; i++) {
            key = name_at["runs", i] SUBSEP row
            if (!(key in n)) { printf " |"; continue }
            printf " %d/%d (%d)", lost[key], lost2[key], dead[key]
            if (sticky[key]) printf " m %d/%d b %d/%d", moved[key], others[key], back[key], sticky[key]
            printf " |"
        }
        print ""
    }
    print ""
    print "Connections that stood when the server died: went on / reset / hang (ms until the reset at most); broken: of the living servers. Late: connections begun between the death and the change that never came about:"
    print ""
    head("kind")
    for (j = 1; j <= size["holds"]; j++) {
        k = name_at["holds", j]
        printf "| %s |", substr(k, 2)
        for (i = 1; i <= size["runs"]; i++) {
            key = name_at["runs", i] SUBSEP k
            printf " %d/%d/%d (%d) broken %d", on[key], reset[key], hang[key], most[key], broken[key]
            l = name_at["runs", i] SUBSEP "l" substr(k, 2)
            if (l in lates) printf ", late %d/%d", late[l], lates[l]
            printf " |"
        }
        print ""
    }
}
