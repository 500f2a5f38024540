#include "lbconverge/model/enumerations.hpp"

#include "lbconverge/model/address.hpp"

#include <doctest/doctest.h>

namespace lbconverge {

namespace {

template <class T>
void check_word(T value, std::string_view word) {
    CHECK(to_text(value) == word);
    T read{};
    CHECK(from_text(word, read));
    CHECK(read == value);
}

}  // namespace

TEST_CASE("each term has one word, in both directions") {
    check_word(Role::director, "director");
    check_word(Role::real_server, "real-server");
    check_word(Role::both, "both");
    check_word(Forward::masquerade, "masquerade");
    check_word(Forward::local, "local");
    check_word(Forward::tunnel, "tunnel");
    check_word(Forward::direct, "direct");
    check_word(Forward::bypass, "bypass");
    check_word(TunnelType::ipip, "ipip");
    check_word(TunnelType::gue, "gue");
    check_word(TunnelType::gre, "gre");
    check_word(Protocol::tcp, "tcp");
    check_word(Protocol::udp, "udp");
    check_word(Protocol::sctp, "sctp");
    check_word(Protocol::none, "none");
    check_word(Scope::global, "global");
    check_word(Scope::site, "site");
    check_word(Scope::link, "link");
    check_word(Scope::host, "host");
    check_word(ElectionState::backup, "backup");
    check_word(ElectionState::master, "master");
    check_word(ElectionState::undecided, "undecided");
    check_word(ElectionState::yielding, "yielding");
    check_word(Family::ipv4, "ipv4");
    check_word(Family::ipv6, "ipv6");
}

TEST_CASE("another word is refused and changes nothing") {
    Role role = Role::both;
    CHECK_FALSE(from_text("Director", role));
    CHECK_FALSE(from_text("", role));
    CHECK(role == Role::both);
}

TEST_CASE("a number that this program does not know is still text") {
    CHECK(to_text(static_cast<Protocol>(99)) == "?");
    CHECK(to_text(static_cast<Forward>(7)) == "?");
}

}  // namespace lbconverge
