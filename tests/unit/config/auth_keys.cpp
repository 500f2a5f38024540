#include "lbconverge/config/auth_keys.hpp"

#include <doctest/doctest.h>

#include <string>

namespace lbconverge::config {

namespace {

const std::string octets32 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string text32 = "a secret of 32 octets, no less  ";  // the blanks at its end do not count

struct Taken {
    Vrrp vrrp;
    std::string error;
};

Taken take(const std::string& text, std::uint8_t active = 0) {
    Taken taken;
    taken.vrrp.auth_key_file = "/etc/keys";
    taken.vrrp.auth_active_key = active;
    if (const auto done = take_auth_keys(text, taken.vrrp); !done)
        taken.error = done.error().what + "; " + done.error().hint;
    return taken;
}

bool is_told(const std::string& text, const std::string& error, std::uint8_t active = 0) {
    const Taken taken = take(text, active);
    CAPTURE(taken.error);
    CHECK(taken.error.find("0001") == std::string::npos);  // no part of a key
    CHECK(taken.error.find("secret") == std::string::npos);
    return taken.error.find(error) != std::string::npos;
}

}  // namespace

TEST_CASE("a line of a file of keys is an id and a key, in hexadecimal or as text") {
    const Taken taken =
        take("# ours\n\n1 hex:" + octets32 + "\r\n  255\tan old passphrase, which is long enough  \n", 255);
    REQUIRE(taken.error.empty());
    REQUIRE(taken.vrrp.auth_keys.size() == 2);
    CHECK(taken.vrrp.auth_keys[0].id == 1);
    REQUIRE(taken.vrrp.auth_keys[0].secret.size() == 32);
    CHECK(taken.vrrp.auth_keys[0].secret.back() == 0x1f);
    CHECK(taken.vrrp.auth_keys[1].id == 255);
    const auto& secret = taken.vrrp.auth_keys[1].secret;
    CHECK(std::string(secret.begin(), secret.end()) == "an old passphrase, which is long enough");
    CHECK(taken.vrrp.auth_active_key == 255);
}

TEST_CASE("the only key signs; of several one is named") {
    CHECK(take("7 hex:" + octets32).vrrp.auth_active_key == 7);
    const std::string two = "1 hex:" + octets32 + "\n2 hex:" + octets32 + "\n";
    CHECK(take(two, 2).vrrp.auth_active_key == 2);
    CHECK(is_told(two, "/etc/keys: there are several keys, and none is named to sign"));
    CHECK(is_told(two, "/etc/keys: there is no key 3 to sign with", 3));
    CHECK(is_told("1 hex:" + octets32, "there is no key 2 to sign with", 2));
}

TEST_CASE("a key has 32 to 64 octets") {
    CHECK(is_told("1 hex:" + octets32.substr(2), "/etc/keys:1: a key has 32 to 64 octets"));
    CHECK(take("1 hex:" + octets32 + octets32).error.empty());
    CHECK(is_told("1 hex:" + octets32 + octets32 + "00", "a key has 32 to 64 octets"));
    CHECK(is_told("1 " + text32, "a key has 32 to 64 octets"));
    CHECK(take("1 " + std::string(64, 'x')).error.empty());
    CHECK(is_told("1 " + std::string(65, 'x'), "a key has 32 to 64 octets"));
    CHECK(is_told("\n\n1\n", "/etc/keys:3: a key has 32 to 64 octets"));
    CHECK(is_told("1 hex:", "a key has 32 to 64 octets"));
}

TEST_CASE("what is not a line of a key is an error that has nothing of the key") {
    CHECK(is_told("hex:" + octets32,
                  "/etc/keys:1: it does not begin with an id from 1 to 255; a line is an id and a key"));
    for (const char* id : {"0", "256", "-1", "1x", "+1", "99999999999999999999"}) {
        CAPTURE(id);
        CHECK(is_told(std::string(id) + " hex:" + octets32, "does not begin with an id from 1 to 255"));
    }
    CHECK(is_told("1 hex:" + octets32 + "0", "\"hex:\" is not followed by pairs of hexadecimal digits"));
    CHECK(is_told("1 hex:0x" + octets32.substr(2), "pairs of hexadecimal digits"));
    CHECK(is_told("1 hex: " + octets32.substr(1), "pairs of hexadecimal digits"));
    CHECK(is_told("1 hex:" + octets32 + "\n1 hex:" + octets32, "/etc/keys:2: a second key 1"));
    CHECK(is_told("", "/etc/keys: there is no key; a line is an id and a key"));
    CHECK(is_told("# nothing\n", "/etc/keys: there is no key"));
}

}  // namespace lbconverge::config
