# awk -f links.awk FILE.md...: the files that Markdown files link to. Prints FILE:LINE, a tab, and the target, relative to
# the folder of FILE. Leaves out addresses with a scheme, the part after #, and what is code.

FNR == 1 { code = 0 }
/^ *```/ {
    code = !code
    next
}
code { next }
{
    gsub(/`[^`]*`/, "")
    while (match($0, /\]\([^)]*\)/)) {
        target = substr($0, RSTART + 2, RLENGTH - 3)
        $0 = substr($0, RSTART + RLENGTH)
        sub(/#.*/, "", target)
        if (target != "" && target !~ /^[a-z]+:/) print FILENAME ":" FNR "\t" target
    }
}
