# Weaves mutations into copies of the source files: both forms of each place are compiled, and the environment variable
# LBCONVERGE_MUTATION says at run time which one is meant. So one build serves all mutations.
#
#   awk -v root=DIR -v out=DIR [-v without=NAMES] -f weave.awk LIST...
#
# root: the source tree. out: where the woven files go ("": only check). without: names to leave out, each between "|".
# stdout: GROUP, NAME and FILE of each mutation, with tabs between. stderr: what is wrong. Status 1: something is.

function wrong(text) {
    print place ": " text > "/dev/stderr"
    broken = 1
}

function finish_entry() {
    if (name == "") return
    if (file == "") wrong("no file line stands above it")
    if (name in seen) wrong("this name is there already")
    if (name ~ /["\\|\t]/) wrong("a name has no quotes, bars or backslashes")
    if (original == "" || changed == "" || original == changed) wrong("it needs - and +, and they must differ")
    seen[name] = 1
    if (!index("|" without "|", "|" name "|")) {
        ++count
        names[count] = name
        files[count] = file
        originals[count] = original
        changes[count] = changed
        places[count] = place
        groups[count] = group
    }
    name = original = changed = ""
}

function joined(text, line) { return text == "" ? line : text "\n" line }

FNR == 1 {
    finish_entry()
    file = ""
    group = FILENAME
    sub(/.*\//, "", group)
}
/^#/ || /^tests / { next }
/^file / { finish_entry(); file = substr($0, 6); next }
/^= / { finish_entry(); name = substr($0, 3); place = FILENAME ":" FNR; next }
/^- / { original = joined(original, substr($0, 3)); next }
/^\+ / { changed = joined(changed, substr($0, 3)); next }
/^$/ { finish_entry(); next }
{ place = FILENAME ":" FNR; wrong("neither file, =, -, + nor a comment") }

END {
    finish_entry()
    for (i = 1; i <= count; ++i) ++of_file[files[i]]
    for (each in of_file) weave(each)
    for (i = 1; i <= count; ++i) print groups[i] "\t" names[i] "\t" files[i]
    exit broken
}

function content(path,   text, line) {
    text = ""
    while ((getline line < path) > 0) text = text line "\n"
    close(path)
    return text
}

# How often a text is in another one; `at` is where it is first.
function occurrences(text, part,   number, offset, here) {
    number = offset = at = 0
    while ((here = index(substr(text, offset + 1), part)) > 0) {
        if (++number == 1) at = offset + here
        offset += here
    }
    return number
}

# Statements end with ; or }, and a comment may follow. Everything else is an expression.
function is_statement(text) {
    sub(/[ \t]*\/\/[^\n]*$/, "", text)
    return text ~ /[;}]$/
}

# The place in both forms, or in more if several mutations change it.
function both_forms(original, path,   i, text) {
    text = is_statement(original) ? "{\n" original "\n}" : "(" original "))"
    for (i = count; i > 0; --i) {
        if (files[i] != path || originals[i] != original) continue
        if (is_statement(original)) {
            text = "if (LBCONVERGE_MUTATED(\"" names[i] "\")) {\n" changes[i] "\n} else " text
        } else {
            text = "LBCONVERGE_MUTATED(\"" names[i] "\") ? (" changes[i] ") : " text
        }
    }
    return (is_statement(original) ? "{ " text " }" : "(" text)
}

function weave(path,   text, i, number, starts, which, woven, end, start) {
    text = content(root "/" path)
    delete starts
    for (i = 1; i <= count; ++i) {
        if (files[i] != path) continue
        place = places[i]
        number = occurrences(text, originals[i])
        if (number != 1) {
            wrong("\"" names[i] "\": " path " has its text " number " times")
            continue
        }
        if ((at in starts) && originals[starts[at]] != originals[i]) wrong("overlaps with \"" names[starts[at]] "\"")
        if (!(at in starts)) starts[at] = i
    }
    woven = "#include \"lbconverge/mutated.hpp\"\n"
    end = 1
    for (start = 1; start <= length(text); ++start) {
        if (!(start in starts)) continue
        which = starts[start]
        place = places[which]
        if (start < end) wrong("overlaps with another mutation")
        woven = woven substr(text, end, start - end) both_forms(originals[which], path)
        end = start + length(originals[which])
    }
    if (out != "") printf "%s%s", woven, substr(text, end) > (out "/" path)
}
