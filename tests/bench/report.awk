# report.awk ABOUT RESULTS: the benchmark's table, with ratios, and its targets.
# RESULTS: size, side, seconds, peak KiB, page faults (tab-separated), a line per measurement; see guest.sh.

BEGIN { FS = "\t" }

FILENAME ~ /about$/ {
    about[$1] = $2
    if ($1 == "size") { services = $2; servers = $3 }
    next
}
{
    key = $1 FS $2
    if (!(key in count)) order[++keys] = key
    value[key, ++count[key]] = $3
    if ($4 > memory[key]) memory[key] = $4
    if ($5 != "") faults[key] = $5
}

END {
    size = services "x" servers
    small = services / 10 "x" servers
    prepare()
    print "lbconverge: " services " services x " servers " real servers, median of " about["runs"] " runs"
    print about["kernel"] ", one processor; " about["ipvsadm"] ", " about["keepalived"]
    sides()
    stages()
    targets()
}

# ---- figures ----------------------------------------------------------------------------------------------------

function sorted(key,    i, j, x) {  # into sample[1..count]
    for (i = 1; i <= count[key]; i++) {
        x = value[key, i] + 0
        for (j = i - 1; j > 0 && sample[j] > x; j--) sample[j + 1] = sample[j]
        sample[j + 1] = x
    }
    return count[key]
}

function prepare(    i, n, key) {
    for (i = 1; i <= keys; i++) {
        key = order[i]
        n = sorted(key)
        least[key] = sample[1]
        most[key] = sample[n]
        median[key] = n % 2 ? sample[(n + 1) / 2] : (sample[n / 2] + sample[n / 2 + 1]) / 2
    }
    load = of(size, "bare load")
    dump = of(size, "bare dump, recv")
    if (of(size, "bare dump, recvmmsg") < dump) dump = of(size, "bare dump, recvmmsg")
    toml = of(size, "bare toml++")
    apply = of(size, "lbconverge apply, from empty")
    idle = of(size, "lbconverge apply, nothing to do")
    start = of(size, "start of lbconverge (--help)")
}

function of(at, side) { return median[at FS side] }
# Empty where a side is missing, in a run that was cut short.
function ratio(a, b) { return a > 0 && b > 0 ? a / b : "" }

# ---- tables -----------------------------------------------------------------------------------------------------

function sides(    i, parts, heading) {
    printf "\n%-42s %9s %9s %9s %10s %9s\n", "seconds", "median", "least", "most", "x apply", "peak MB"
    for (i = 1; i <= keys; i++) {
        split(order[i], parts, FS)
        if (parts[2] ~ /^(stage|count): /) continue
        if (parts[1] != heading) print (heading = parts[1]) ":"
        printf "  %-40s %9.4f %9.4f %9.4f %10s %9s\n", parts[2], median[order[i]], least[order[i]], most[order[i]],
               parts[1] == size ? sprintf("%.2f", ratio(median[order[i]], apply)) : "",
               memory[order[i]] ? sprintf("%.1f", memory[order[i]] * 1024 / 1e6) : ""
    }
}

function stages(    i, parts) {
    printf "\n%-42s %9s %9s %9s\n", "one apply by stages (bench_pipeline)", "ms", "faults", "MiB"
    for (i = 1; i <= keys; i++) {
        split(order[i], parts, FS)
        if (parts[2] !~ /^stage: /) continue
        printf "  %-40s %9.1f %9d %9.1f\n", substr(parts[2], 8), median[order[i]] * 1000, faults[order[i]], faults[order[i]] / 256
    }
    print "\ncounted under strace"
    for (i = 1; i <= keys; i++) {
        split(order[i], parts, FS)
        if (parts[2] ~ /^count: /) printf "  %-60s %9d\n", substr(parts[2], 8), median[order[i]]
    }
}

# ---- targets ----------------------------------------------------------------------------------------------------

function target(what, measured, relation, wanted, explained,    met) {
    if (measured == "") {
        printf "  %-52s %9s\n", what, "not measured"
        return
    }
    met = relation == ">=" ? measured >= wanted : relation == "<=" ? measured <= wanted : measured == wanted
    printf "  %-52s %9.3f  %s %8.3f  %-6s %s\n", what, measured, relation, wanted, met ? "met" : "MISSED", explained
}

function counted(what, case) { return of(size, "count: " what ", " case) }
function difference(a, b) { return a == "" || b == "" ? "" : a - b }

function targets(    at) {
    at = "lbconverge apply, from empty"
    printf "\n%-54s %9s  %11s\n", "targets", "measured", "target"
    target("apply from empty : load + dump + toml++", ratio(apply, load + dump + toml), "<=", 1.3,
           sprintf("%.3f s : %.3f + %.3f + %.3f s", apply, load, dump, toml))
    target("ipvsadm -R : apply from empty", ratio(of(size, "ipvsadm -R"), apply), ">=", 30, "")
    target("keepalived cold start : apply from empty", ratio(of(size, "keepalived cold start"), apply), ">=", 6, "")
    target("the writing itself : bare load", ratio(of(size, "stage: write"), load), "<=", 1.3,
           sprintf("%.3f s : %.3f s", of(size, "stage: write"), load))
    target("apply with nothing to do : dump + toml++", ratio(idle, dump + toml), "<=", 1.3,
           sprintf("%.3f s : %.3f + %.3f s", idle, dump, toml))
    target("messages written for one changed weight", counted("write commands", "one weight"), "=", 1, "")
    target("tables read for it, more than with nothing to do",
           difference(counted("reads of all services", "one weight"), counted("reads of all services", "nothing to do")), "<=", 1, "")
    target("peak memory of apply from empty, MB", memory[size FS at] * 1024 / 1e6, "<=", 150, "")
    target("growth to ten times the size: apply from empty", ratio(apply - start, (of(small, at) - start) * 10), "<=", 1.2,
           "without the start of the process")
    at = "lbconverge apply, nothing to do"
    target("growth to ten times the size: nothing to do", ratio(idle - start, (of(small, at) - start) * 10), "<=", 1.2,
           "without the start of the process")
    target("a real server: apply : shell script",
           ratio(of("real-server", "lbconverge apply"), of("real-server", "shell script: sysctl x4, ip addr")), "<=", 1,
           sprintf("%.1f ms : %.1f ms", of("real-server", "lbconverge apply") * 1000,
                   of("real-server", "shell script: sysctl x4, ip addr") * 1000))
}
