#include "unit/vrrp/router.hpp"

#include <doctest/doctest.h>

#include <array>

namespace lbconverge::vrrp {

using namespace test;

// ---- what is not listened to: RFC 9568 §7.1, RFC 3768 §7.1 ---------------------------------------------------------

namespace {

/// To a backup, half a second after its start: to obey would move its timer.
void check_dropped(const Settings& settings, const Heard& heard, Drop why) {
    Router router = backup(settings);
    const Instant wake = *router.machine.wake_at();
    router.now += milliseconds(500);
    CHECK(silent(router.hear(heard)));
    CHECK(unmoved(router, State::backup, wake));
    for (std::size_t i = 0; i < drop_count; ++i) {
        CAPTURE(to_text(static_cast<Drop>(i)));
        CHECK(router.machine.counters().dropped[i] == (i == static_cast<std::size_t>(why) ? 1 : 0));
    }
    CHECK(router.machine.counters().heard == 0);
    CHECK_FALSE(router.machine.peer());
}

void check_heard(const Settings& settings, const Heard& heard) {
    Router router = backup(settings);
    router.now += milliseconds(500);
    router.hear(heard);
    CHECK(router.machine.counters().heard == 1);
    CHECK(router.machine.counters().dropped == Counters{}.dropped);
    CHECK(router.waits() == router.machine.down_interval());
}

constexpr std::array<std::uint8_t, 8> secret{'s', 'e', 'c', 'r', 'e', 't', 0, 0};

Settings with_password() {
    Settings settings = plain_v2();
    settings.password = secret;
    return settings;
}
Heard with(std::uint8_t auth_type, const std::array<std::uint8_t, 8>& auth_data) {
    Heard heard = said_v2(200);
    heard.advertisement.auth_type = auth_type;
    heard.advertisement.auth_data = auth_data;
    return heard;
}

Settings unicast() {
    Settings settings = plain();
    settings.peers = {ip(lesser), ip(greater)};
    return settings;
}
Heard unicast_from(const char* source, std::uint8_t ttl = 255) {
    Heard heard = said(200, source);
    heard.multicast = false;
    heard.ttl = ttl;
    return heard;
}

}  // namespace

TEST_CASE("by multicast only TTL 255 is listened to: no router has passed it on (RFC 9568 §7.1)") {
    for (const int ttl : {0, 1, 64, 254}) {
        Heard heard = said(200);
        heard.ttl = static_cast<std::uint8_t>(ttl);
        check_dropped(plain(), heard, Drop::ttl);
    }
    check_heard(plain(), said(200));
}

TEST_CASE("without peers TTL 255 is asked for by unicast too") {
    check_dropped(plain(), unicast_from(lesser, 64), Drop::ttl);
    check_heard(plain(), unicast_from(lesser, 255));
}

TEST_CASE("by unicast any TTL is listened to, unless there is a least one") {
    check_heard(unicast(), unicast_from(lesser, 64));  // as keepalived sends over IPv6
    check_heard(unicast(), unicast_from(greater, 1));
    Settings settings = unicast();
    settings.min_ttl = 254;
    check_heard(settings, unicast_from(lesser, 254));
    check_heard(settings, unicast_from(lesser, 255));
    check_dropped(settings, unicast_from(lesser, 253), Drop::ttl);
}

TEST_CASE("a least TTL takes nothing away from what multicast has to have") {
    Settings settings = unicast();
    settings.min_ttl = 1;
    Heard heard = unicast_from(lesser, 64);
    heard.multicast = true;
    check_dropped(settings, heard, Drop::ttl);
}

TEST_CASE("by unicast only peers are listened to") {
    check_heard(unicast(), unicast_from(lesser));
    check_heard(unicast(), unicast_from(greater));
    check_dropped(unicast(), unicast_from("192.0.2.7"), Drop::not_a_peer);
    check_dropped(unicast(), said(200, "192.0.2.7"), Drop::not_a_peer);
}

TEST_CASE("what comes from our own address is our packet that came back") {
    check_dropped(plain(), said(200, "192.0.2.5"), Drop::own);
    check_dropped(plain(), said(0, "192.0.2.5"), Drop::own);
}

TEST_CASE("a master is not moved by its own packets") {
    Router router = master(plain());
    const Instant wake = *router.machine.wake_at();
    CHECK(silent(router.hear(said(100, "192.0.2.5"))));
    CHECK(silent(router.hear(said(0, "192.0.2.5"))));
    CHECK(unmoved(router, State::master, wake));
    CHECK(router.dropped(Drop::own) == 2);
}

TEST_CASE("another version is not listened to (RFC 9568 §7.1)") {
    check_dropped(plain(), said_v2(200), Drop::version);
    check_dropped(plain_v2(), said(200), Drop::version);
}

TEST_CASE("version 2: the authentication type must be ours (RFC 2338 §7.1)") {
    check_heard(plain_v2(), said_v2(200));
    check_dropped(plain_v2(), with(1, secret), Drop::auth_type);
    check_dropped(with_password(), said_v2(200), Drop::auth_type);
    check_dropped(with_password(), with(0, secret), Drop::auth_type);
    check_dropped(with_password(), with(2, secret), Drop::auth_type);
    check_dropped(plain_v2(), with(2, {}), Drop::auth_type);
}

TEST_CASE("version 2: the password is compared in all of its eight octets (RFC 2338 §5.3.10)") {
    check_heard(with_password(), with(1, secret));
    for (std::size_t i = 0; i < secret.size(); ++i) {
        auto other = secret;
        other[i] ^= 1;
        check_dropped(with_password(), with(1, other), Drop::auth_data);
    }
    check_dropped(with_password(), with(1, {}), Drop::auth_data);
}

TEST_CASE("version 2: what stands where no password is does not count (RFC 3768 §5.3.10)") {
    check_heard(plain_v2(), with(0, secret));
}

TEST_CASE("version 2: another interval is not listened to, also with priority 0 (RFC 3768 §7.1)") {
    for (const int priority : {0, 200}) {
        Heard heard = said_v2(static_cast<std::uint8_t>(priority));
        heard.advertisement.interval = seconds(2);
        check_dropped(plain_v2(), heard, Drop::interval);
    }
}

TEST_CASE("each reason to drop has a word of its own") {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < drop_count; ++i) words.push_back(to_text(static_cast<Drop>(i)));
    CHECK(words == std::vector<std::string_view>{"ttl", "version", "authentication type", "password", "interval",
                                                 "not a peer", "own", "not signed", "signed, and no keys here",
                                                 "trailer", "unknown key", "signature", "stale", "replay"});
    CHECK(to_text(static_cast<Drop>(drop_count)) == "?");
}

TEST_CASE("each state has a word of its own") {
    std::vector<std::string_view> words;
    for (int i = 0; i <= 5; ++i) words.push_back(to_text(static_cast<State>(i)));
    CHECK(words == std::vector<std::string_view>{"init", "backup", "master", "leaving", "fault", "?"});
}

// ---- what is listened to all the same ------------------------------------------------------------------------------

TEST_CASE("another list of addresses is counted and shown, and never a reason to drop") {
    Heard heard = said(200);
    heard.advertisement.addresses = {ip("192.0.2.20")};
    Router router = backup(plain());
    router.now += milliseconds(500);
    router.hear(heard);
    CHECK(router.machine.counters().heard == 1);
    CHECK(router.machine.counters().other_addresses == 1);
    CHECK_FALSE(router.machine.peer()->same_addresses);
    CHECK(router.waits() == router.machine.down_interval());
}

TEST_CASE("the order of the addresses is no difference") {
    Heard heard = said(200);
    heard.advertisement.addresses = {ip("192.0.2.21"), ip("192.0.2.20")};
    Router router = backup(plain());
    router.hear(heard);
    CHECK(router.machine.counters().other_addresses == 0);
    CHECK(router.machine.peer()->same_addresses);
}

TEST_CASE("an address more or less, or twice, is a difference") {
    for (const std::vector<IpAddress>& addresses :
         {std::vector{ip("192.0.2.20"), ip("192.0.2.21"), ip("192.0.2.22")},
          std::vector{ip("192.0.2.20"), ip("192.0.2.20")}, std::vector{ip("192.0.2.20")}}) {
        Heard heard = said(200);
        heard.advertisement.addresses = addresses;
        Router router = backup(plain());
        router.hear(heard);
        CHECK(router.machine.counters().other_addresses == 1);
    }
}

TEST_CASE("the sender's own link-local address in front of an IPv6 list is no difference") {
    Settings settings = plain();
    settings.family = Family::ipv6;
    settings.addresses = {ip("2001:db8::20")};
    Heard heard = said(200, "fe80::2");
    const auto counted = [&](std::vector<IpAddress> ours, std::vector<IpAddress> theirs) {
        settings.addresses = std::move(ours);
        heard.advertisement.addresses = std::move(theirs);
        Router router = backup(settings, ip("fe80::1"));
        router.hear(heard);
        return router.machine.counters().other_addresses;
    };
    CHECK(counted({ip("2001:db8::20")}, {ip("fe80::2"), ip("2001:db8::20")}) == 0);
    CHECK(counted({}, {ip("fe80::2")}) == 0);
    CHECK(counted({ip("fe80::20"), ip("2001:db8::20")}, {ip("fe80::20"), ip("2001:db8::20")}) == 0);
    CHECK(counted({ip("fe80::20"), ip("2001:db8::20")}, {ip("fe80::2"), ip("2001:db8::20")}) == 1);
    CHECK(counted({ip("2001:db8::20")}, {ip("fe80::2"), ip("2001:db8::21")}) == 1);
    // By unicast the packet comes from another address than the one in front.
    heard.source = ip("2001:db8::2");
    CHECK(counted({ip("2001:db8::20")}, {ip("fe80::2"), ip("2001:db8::20")}) == 0);
}

TEST_CASE("two routers without an address of their family send their own, which is no difference") {
    Settings settings = plain();
    settings.addresses.clear();
    Heard heard = said(200);
    heard.advertisement.addresses = {heard.source};
    Router router = backup(settings);
    router.hear(heard);
    CHECK(router.machine.counters().other_addresses == 0);
}

TEST_CASE("who was heard last is remembered with what it said") {
    Router router = backup(plain());
    CHECK_FALSE(router.machine.peer());
    router.hear(said(120));
    router.now += milliseconds(10);
    router.hear(said(150, greater, milliseconds(500)));
    const Peer& peer = router.machine.peer().value();
    CHECK(peer.address == ip(greater));
    CHECK(peer.priority == 150);
    CHECK(peer.interval == milliseconds(500));
    CHECK(peer.at == router.now);
    CHECK(router.machine.counters().heard == 2);
    CHECK(router.machine.counters().other_interval == 1);
}

// ---- what is said --------------------------------------------------------------------------------------------------

TEST_CASE("an advertisement carries the settings") {
    Settings settings = with_password();
    settings.interval = seconds(2);
    const wire::Advertisement said = Machine(settings).advertisement(77);
    CHECK(said == wire::Advertisement{.version = 2,
                                      .vrid = 51,
                                      .priority = 77,
                                      .interval = seconds(2),
                                      .addresses = {ip("192.0.2.20"), ip("192.0.2.21")},
                                      .auth_type = 1,
                                      .auth_data = secret});
    CHECK(Machine(plain()).advertisement(0).auth_type == 0);
}

TEST_CASE("a tick at any other time than the one asked for is harmless") {
    for (Router router : {Router(plain()), backup(plain()), master(plain()), leaving(plain())}) {
        const State state = router.state();
        const auto wake = router.machine.wake_at();
        for (int i = 0; i < 3; ++i) CHECK(silent(router.after(milliseconds(1))));
        CHECK(router.state() == state);
        CHECK(router.machine.wake_at() == wake);
    }
}

}  // namespace lbconverge::vrrp
