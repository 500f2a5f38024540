// Files that are too deep for a parser are refused before one sees them.
#include "reading.hpp"

namespace lbconverge::config {

namespace {

std::string many(const std::string& piece, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += piece;
    return text;
}

/// The errors of a text that is only parsed.
std::string said(const std::string& text) {
    Diagnostics problems;
    const Document document = Document::parse({{"lb.toml", text}}, problems);
    std::string all;
    for (const Diagnostic& each : problems.all()) all += to_text(each, document.files()) + "\n";
    return all;
}

bool says(const std::string& text, const char* what) { return said(text).find(what) != std::string::npos; }

const std::string dots = "lb.toml:2:64: error: a key of more than 32 parts; hint: does a text lack its quotes?\n";
const std::string brackets =
    "lb.toml:2:37: error: values that are nested more than 32 deep; hint: is a bracket not closed?\n";

}  // namespace

TEST_CASE("a key has 32 parts at the most, wherever it stands") {
    CHECK(said("\n" + many("a.", 31) + "a = 1\n") == "");
    CHECK(said("\n" + many("a.", 32) + "a = 1\n") == dots);
    CHECK(said("\n" + many("a.", 200'000) + "a = 1\n") == dots);
    CHECK(said("\n\"" + many("é\".\"", 32) + "a\" = 1\n").find("lb.toml:2:128: error") ==
          0);  // a column is a character
    CHECK(says("\n[" + many("a.", 200'000) + "a]\n", "32 parts"));
    CHECK(says("\n[[" + many("a.", 200'000) + "a]]\n", "32 parts"));
    CHECK(says("a = { " + many("'b' . \"c\" . ", 100'000) + "a = 1 }\n", "32 parts"));
    CHECK(said("a = 1\n" + many("b.", 20) + "b = 1.5\n" + many("c.", 20) + "b = 1.5\n") == "");
}

TEST_CASE("values are nested 32 deep at the most") {
    CHECK(said("\na = " + many("[", 32) + many("]", 32) + "\n") == "");
    CHECK(said("\na = " + many("[", 33) + many("]", 33) + "\n") == brackets);
    CHECK(said("\na = " + many("[", 200'000)) == brackets);
    CHECK(says("a = " + many("{ b = ", 200'000), "32 deep"));
    CHECK(said(many("[[b]]\nc = [[1], [2]]\n", 40)) == "");
}

TEST_CASE("what is in quotes or in a comment is not counted") {
    const std::string deep = many("x.", 40) + many("[", 40);
    CHECK(said("a = '" + deep + "'\n") == "");
    CHECK(said("a = \"" + deep + "\\\"" + deep + "\"\n") == "");
    CHECK(said("a = '''" + deep + "\n'" + deep + "'''\n") == "");
    CHECK(said("a = \"\"\"" + deep + "\n\\\"\"\"" + deep + "\"\"\"\n") == "");
    CHECK(said("a = 1 # " + deep + "\n") == "");
}

TEST_CASE("quotes hide nothing that follows them") {
    const std::string deep = many("x.", 40) + "c = 1";
    for (const char* text : {"''", R"("")", "'''q'''", "'''q''''", "'''q'''''", R"("""q""")", R"("""q"""")",
                             R"("""q""""")", R"('\')", R"('''\''')", R"("\\")", R"("""\\""")", R"("\"")", "1.5"}) {
        const std::string value(text);
        CHECK_MESSAGE(says("a = { b = " + value + ", " + deep + " }\n", "32 parts"), value);
        CHECK_MESSAGE(says("a = " + value + " # '\n" + deep + "\n", "32 parts"), value);
    }
}

}  // namespace lbconverge::config
