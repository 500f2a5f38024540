#include "lbconverge/wire/json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace lbconverge::wire {

TEST_CASE("what is UTF-8 stays, and each octet that is not becomes U+FFFD") {
    for (const char* good : {"", "eth0", "\x01\x7f", "\xc3\xa4", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK(valid_utf8(good) == good);
    }
    CHECK(valid_utf8(std::string_view("a\0b", 3)) == std::string_view("a\0b", 3));
    CHECK(valid_utf8("x\xff.toml") == "x\uFFFD.toml");
    CHECK(valid_utf8("\xe4\xff") == "\uFFFD\uFFFD");
    CHECK(valid_utf8("\xc3") == "\uFFFD");
    CHECK(valid_utf8("\xc3(") == "\uFFFD(");
    CHECK(valid_utf8("\xe2\x82") == "\uFFFD\uFFFD");
    CHECK(valid_utf8("\xc0\xaf") == "\uFFFD\uFFFD");                      // longer than needed
    CHECK(valid_utf8("\xe0\x80\xaf") == "\uFFFD\uFFFD\uFFFD");            // the same
    CHECK(valid_utf8("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");            // half of a pair of UTF-16
    CHECK(valid_utf8("\xf4\x90\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
}

TEST_CASE("JSON is UTF-8, whatever is written") {
    CHECK(json_text({{"name", "e\xff"}}) == "{\"name\":\"e\uFFFD\"}");
    CHECK_FALSE(parse_json("{\"name\":\"e\xff\"}").has_value());
}

TEST_CASE("what is nested too deeply is refused before it is read; brackets in texts are none") {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(parse_json(nested(256)).has_value());
    CHECK_FALSE(parse_json(nested(257)).has_value());
    CHECK_FALSE(parse_json(std::string(1 << 20, '[')).has_value());
    CHECK(parse_json("\"\\\"" + std::string(300, '{') + "\"").has_value());
    CHECK(parse_json("[" + std::string(300, ' ') + "[],[],{}]").has_value());
}

}  // namespace lbconverge::wire
