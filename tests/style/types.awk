# awk -v glossary=GLOSSARY.md -f types.awk FILE...: a type name that is defined in two places without being told apart.
#
# The home of a type is the namespace or class around its definition, without lbconverge::. What stands in an unnamed
# namespace counts as of the one around it; what stands in a function does not count. A name with several homes needs
# lines of the form "- **Name** (`home`, `other::*`): why" in the glossary. Prints one line per breach: a home that no
# such line names, and what such a line names without it being there. Reads C++ as clang-format leaves it.

BEGIN {
    while ((getline line < glossary) > 0) {
        row++
        if (line ~ /^- \*\*[A-Za-z_0-9]+\*\* \(`/) read_entry(line)
    }
}

FNR == 1 {
    depth = 0; text = ""; raw = 0
    folder = FILENAME
    sub(/^(\.\/)?(src|include\/lbconverge)\//, "", folder)
    sub(/\/.*/, "", folder)
}
/^ *#/ { next }
{
    line = plain($0)
    while (match(line, /[;{}]/)) {
        mark = substr(line, RSTART, 1)
        text = text " " substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + 1)
        statement()
        text = ""
    }
    text = text " " line
}

END {
    for (i = 1; i <= definitions; i++) {
        name = name_of[i]
        if (homes[name] > 1 && !explained(name, home_of[i])) {
            printf "%s: %s is also a type of %s: give it another name, or GLOSSARY.md a line\n", place_of[i], name, others(i)
        }
    }
    for (i = 1; i <= patterns; i++) {
        if (!used[i] || homes[entry_of[i]] < 2) {
            printf "./%s:%d: %s has only one home, or none in %s\n", glossary, row_of[i], entry_of[i], pattern_of[i]
        }
    }
}

# A line without comments and without what stands in quotes. (Raw strings may have many lines.)
function plain(line) {
    if (raw) {
        if (!match(line, /\)"/)) return ""
        line = substr(line, RSTART + 2)
        raw = 0
    }
    gsub(/\\\\|\\"|\\'/, "", line)
    gsub(/R"\([^)]*\)"/, "", line)
    if (match(line, /R"\(/)) {
        raw = 1
        return substr(line, 1, RSTART - 1)
    }
    gsub(/"[^"]*"|'[^']'/, "", line)
    sub(/\/\/.*/, "", line)
    return line
}

# At each ; { or }: `text` is what stands before it, `scope` what is open: a home, or "-" where no types are looked for.
function statement(  home, word) {
    if (mark == "}") {
        if (depth) depth--
        return
    }
    gsub(/ +/, " ", text)
    gsub(/^ ((public|private|protected): )?| $/, "", text)
    sub(/^template ?<[^<>]*(<[^<>]*>[^<>]*)*> /, "", text)
    home = depth ? scope[depth] : ""
    if (home != "-" && text ~ /^(using|concept) [A-Za-z_0-9]+ =/) {
        split(text, word, " ")
        define(word[2], home)
    }
    if (mark == "{") scope[++depth] = opened(home)
}

function opened(home,  name) {
    name = text
    if (sub(/^(inline )?namespace ?/, "", name)) return join(home, name)
    if (home == "-" || !sub(/^(struct|class|union|enum class|enum) (\[\[[^\]]*\]\] )?/, "", name)) return "-"
    sub(/ final$/, "", name)
    sub(/( final)? : .*/, "", name)
    if (name !~ /^[A-Za-z_0-9:]+$/) return "-"
    home = join(home, name)
    sub(/.*::/, "", name)
    define(name, substr(home, 1, length(home) - length(name) - 2))
    return home
}

function join(home, name) {
    if (home == "" || name == "") return home name
    return home "::" name
}

function define(name, home) {
    sub(/^lbconverge(::|$)/, "", home)
    if (home == "") home = folder
    if ((name, home) in known) return
    known[name, home] = 1
    homes[name]++
    definitions++
    name_of[definitions] = name
    home_of[definitions] = home
    place_of[definitions] = FILENAME ":" FNR
}

function read_entry(line,  part, i, count, name) {
    split(line, part, /\*\*/)
    name = part[2]
    sub(/^[^(]*\(/, "", line)
    sub(/\).*/, "", line)
    count = split(line, part, /[`, ]+/)
    for (i = 1; i <= count; i++) {
        if (part[i] == "") continue
        patterns++
        entry_of[patterns] = name
        pattern_of[patterns] = part[i]
        row_of[patterns] = row
    }
}

# Is that home named by the glossary? (Marks the lines that do.)
function explained(name, home,  i, pattern, found) {
    for (i = 1; i <= patterns; i++) {
        if (entry_of[i] != name) continue
        pattern = pattern_of[i]
        if (pattern == home || (sub(/\*$/, "", pattern) && index(home, pattern) == 1)) found = used[i] = 1
    }
    return found
}

function others(i,  j, list) {
    for (j = 1; j <= definitions; j++) {
        if (name_of[j] == name_of[i] && j != i) list = list (list == "" ? "" : ", ") home_of[j]
    }
    return list
}
