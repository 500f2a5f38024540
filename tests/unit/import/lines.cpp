// The language of keepalived.conf: comments, quotes, definitions, conditions, sequences, includes.
#include "importing.hpp"

#include "lines.hpp"

namespace lbconverge::importer {

namespace {

/// The words of all lines, with a blank between words and a semicolon between lines.
std::string words_from(const std::string& text, const Files& files = {}) {
    Files all = files;
    all["d/k.conf"] = text;
    const FileSystem system{[&](const std::string& path) -> std::optional<std::string> {
                                const auto at = all.find(path);
                                return at == all.end() ? std::nullopt : std::optional(at->second);
                            },
                            [&](const std::string& pattern) {
                                std::vector<std::string> paths;
                                if (pattern.ends_with('*')) paths = {"d/x/1", "d/x/2"};
                                return paths;
                            }};
    std::vector<std::string> names;
    Remarks remarks;
    LineReader reader(system, "lb1", names, remarks);
    reader.read("d/k.conf");
    std::string result;
    for (const ConfLine& line : reader.lines()) {
        if (line.words.empty()) continue;
        if (!result.empty()) result += ";";
        for (std::size_t i = 0; i < line.words.size(); ++i) result.append(i == 0 ? "" : " ").append(line.words[i].text);
    }
    return result;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("comments begin with either sign, anywhere but in double quotes") {
    CHECK(words_from("a b # c\n! d\ne!f\n") == "a b;e");
    CHECK(words_from("a \"b#c !\" d\n") == "a b#c ! d");
    CHECK(words_from("a 'b#c'\n") == "a 'b");
    CHECK(words_from("\xef\xbb\xbf"
                     "a b\r\nc\r\n") == "a b;c");
}

TEST_CASE("a brace is a word of its own, but in quotes and in a parameter that nobody defined") {
    CHECK(words_from("name{ a }\n") == "name { a }");
    CHECK(words_from("a \"{b}\" ${X}y\n") == "a {b} ${X}y");
}

TEST_CASE("commands have quotes within words, and escapes") {
    CHECK(command_words("script \"/bin/x 'a b'\"") == Words{"script", "/bin/x 'a b'"});
    CHECK(command_words("/bin/x 'a b' c\"d e\"f") == Words{"/bin/x", "a b", "cd ef"});
    CHECK(command_words(R"(a\ b \x41 \101 \n)") == Words{"a b", "A", "A", "\n"});
    CHECK(command_words("a ''") == Words{"a", ""});
}

TEST_CASE("definitions are replaced when they are used") {
    CHECK(words_from("$A=10.0.${B}\n$B=1\nip ${A}.5 $B\n$B=2\nip ${A}.5 $C ${C}\n") ==
          "ip 10.0.1.5 1;ip 10.0.2.5 $C ${C}");
    CHECK(words_from("$E=\na $E b\n") == "a b");
    CHECK(words_from("a ${_INSTANCE} ${_PWD} ${_HASH}\n") == "a lb1 d #");
    CHECK(words_from("$R= \\\nreal ${N} { \\\nw $N \\\n}\n$N=1\n$R\n$N=2\n$R\n") == "real 1 {;w 1;};real 2 {;w 2;}");
}

TEST_CASE("a definition that names itself ends") { CHECK(words_from("$A=$A $A\nx $A\n").starts_with("x ")); }

TEST_CASE("a condition is for one node, or for all others") {
    CHECK(words_from("@lb1 a\n@lb2 b\n@^lb2 c\n@^lb1 d\n") == "a;c");
    CHECK(words_from("@lb1 $P=1\n@lb2 $P=2\npriority $P\n") == "priority 1");
    CHECK(words_from("$I=@lb1\n$I a\n$J=@lb2\n$J b\n") == "a");
}

TEST_CASE("sequences and lists repeat the rest of their line") {
    CHECK(words_from("~SEQ(X, 0, 2) a.${X}\n") == "a.0;a.1;a.2");
    CHECK(words_from("~SEQ(X, 4, -2, 0) a $X\n") == "a 4;a 2;a 0");
    CHECK(words_from("~SEQ(X, 2) a $X\n") == "a 1;a 2");
    CHECK(words_from("~SEQx(X, 0x90, 0x10, 0xa0) a $X\n") == "a 90;a a0");
    CHECK(words_from("~LST({A, B}, {1,2}, {3,4}) ~SEQ(C, 5, 6) ${A}${B}${C}\n") == "125;126;345;346");
    CHECK(words_from("~SEQ(X, 1, 0, 5) a\n~SEQ(X) a\n~SEQ(X, 1\n").empty());
}

TEST_CASE("includes are found beside the file, with wildcards, and not within themselves") {
    CHECK(words_from("a\ninclude x/*\nb\n", {{"d/x/1", "one\ninclude 1\n"}, {"d/x/2", "two\n"}}) == "a;one;two;b");
    CHECK(words_from("includea gone\nb\n") == "b");
}

TEST_CASE("a quote without an end leaves out its line") { CHECK(words_from("a \"b\nc\n") == "c"); }

}  // namespace lbconverge::importer
