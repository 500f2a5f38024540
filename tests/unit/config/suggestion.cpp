#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("the nearest word: one letter too many, too few, another, or two swapped") {
    for (const char* word : {"rolee", "rle", "rola", "rloe"}) {
        CHECK_SAYS(read(R"(
            role = "director"
            $ = 1
        )"_with(word)),
                   R"(hint: did you mean "role"?)");
    }
}

TEST_CASE("when no word is near, all of them are listed") {
    const Reading reading = read(R"(
        role = "director"
        [arp]
        qqqqqq = 1
    )"_text);
    CHECK_SAYS_ONLY(reading, R"(hint: known here: "arp_ignore", "arp_announce", "interfaces", "method" or "source")");
}

TEST_CASE("what came from the file is in_quotes in one line of bounded length") {
    const Reading control = read_director(R"(vips = ["a\n\u001b[31mb"])");
    CHECK_SAYS_ONLY(control, R"("a??[31mb" is not an IP address)");
    const Reading long_text = read_director(R"(vips = ["$"])"_with(std::string(500, 'x')));
    CHECK_SAYS_ONLY(long_text, R"("$…" is not an IP address)"_with(std::string(60, 'x')));
    CHECK_SAYS_ONLY(read_director(std::string(500, 'k') + " = 1\n"), R"(unknown key "$…")"_with(std::string(60, 'k')));
}

}  // namespace lbconverge::config
