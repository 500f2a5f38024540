#include "reading.hpp"

namespace lbconverge::config {

TEST_CASE("the nearest word: one letter too many, too few, another, or two swapped") {
    for (const char* word : {"rolee", "rle", "rola", "rloe"}) {
        CHECK_SAYS(read("role = \"director\"\n" + std::string(word) + " = 1\n"), "hint: did you mean \"role\"?");
    }
}

TEST_CASE("when no word is near, all of them are listed") {
    const Reading reading = read("role = \"director\"\n[arp]\nqqqqqq = 1\n");
    CHECK_SAYS_ONLY(reading,
                    "hint: known here: \"arp_ignore\", \"arp_announce\", \"interfaces\", \"method\" or \"source\"");
}

TEST_CASE("what came from the file is in_quotes in one line of bounded length") {
    const Reading control = read_director("vips = [\"a\\n\\u001b[31mb\"]\n");
    CHECK_SAYS_ONLY(control, "\"a??[31mb\" is not an IP address");
    const Reading long_text = read_director("vips = [\"" + std::string(500, 'x') + "\"]\n");
    CHECK_SAYS_ONLY(long_text, "\"" + std::string(60, 'x') + "…\" is not an IP address");
    CHECK_SAYS_ONLY(read_director(std::string(500, 'k') + " = 1\n"), "unknown key \"" + std::string(60, 'k') + "…\"");
}

}  // namespace lbconverge::config
