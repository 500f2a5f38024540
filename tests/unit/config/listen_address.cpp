#include "lbconverge/config/listen_address.hpp"

#include <doctest/doctest.h>

using namespace lbconverge;
using namespace lbconverge::config;

namespace {

std::string why_not(std::string_view text) {
    const auto where = parse_listen_address(text);
    REQUIRE_FALSE(where);
    CHECK_FALSE(where.error().hint.empty());
    return where.error().what;
}

}  // namespace

TEST_CASE("a place to listen reads as it was written") {
    for (const char* text : {"127.0.0.1:9469", "[::1]:9469", "0.0.0.0:1", "unix:/run/lbconverge/metrics.sock"}) {
        CAPTURE(text);
        const auto where = parse_listen_address(text);
        REQUIRE(where);
        CHECK(to_text(*where) == text);
    }
    CHECK(parse_listen_address("unix:/run/a")->path == "/run/a");
    CHECK(parse_listen_address("[2001:db8::1]:65535")->port == 65535);
}

TEST_CASE("which places only programs on this host can reach") {
    for (const char* text : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "unix:/a"})
        CHECK(parse_listen_address(text)->is_local());
    for (const char* text : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1"}) CHECK_FALSE(parse_listen_address(text)->is_local());
}

TEST_CASE("what is no place to listen, and why") {
    for (const char* text : {"", "9469", ":9469", "127.0.0.1", "::1", "::1:9469", "localhost:9469", "127.0.0.1:65536",
                             "127.0.0.1:9469/metrics", "http://127.0.0.1:9469", "127.0.0.1:+1", "127.0.0.1: 1"}) {
        CAPTURE(text);
        CHECK(why_not(text).ends_with("is not an address with a port"));
    }
    CHECK(why_not("127.0.0.1:0") == "nobody can find port 0");
    CHECK(why_not("224.0.0.18:9469") == "nobody can connect to a multicast address");
    CHECK(why_not("[ff02::12]:9469") == "nobody can connect to a multicast address");
    CHECK(why_not("[fe80::1]:9469") == "a link-local address is not complete without its interface");
    CHECK(why_not("unix:metrics.sock") == "the path of a unix socket must be absolute");
    CHECK(why_not("unix:") == "the path of a unix socket must be absolute");
    CHECK(why_not("unix:/run/lbconverge/") == "this names a folder, not a socket");
    CHECK(why_not(std::string("unix:/a\0b", 9)) == "a path has no NUL");
    CHECK(parse_listen_address("unix:/" + std::string(106, 'a')));
    CHECK(why_not("unix:/" + std::string(107, 'a')).ends_with("107 octets at the most, and not 108"));
}
