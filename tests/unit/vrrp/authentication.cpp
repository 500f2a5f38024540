// Signed advertisements: which are believed, and which are not.
#include "lbconverge/vrrp/authentication.hpp"

#include "lbconverge/wire/signature.hpp"
#include "unit/vrrp/router.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lbconverge::vrrp {

namespace {

using namespace test;

const WallTime noon{hours(24 * 365 * 57)};
const IpAddress their_address = ip(greater);

SigningKey key(std::uint8_t id, std::uint8_t octet) { return {id, std::vector<std::uint8_t>(32, octet)}; }

Authentication rules(AuthMode mode, std::uint8_t active = 1) { return {mode, active, {key(1, 0xaa), key(2, 0xbb)}}; }

Settings keyed(AuthMode mode, std::uint8_t priority = 100, std::uint8_t active = 1) {
    Settings settings = plain(priority);
    settings.authentication = rules(mode, active);
    return settings;
}

/// A packet as it is on the wire.
struct OnTheWire {
    std::vector<std::byte> message;
    IpAddress source;
};

/// What a router says, signed or not as its mode has it.
OnTheWire say(Machine& machine, WallTime wall, std::uint8_t priority = 200) {
    wire::Advertisement said = machine.advertisement(priority);
    machine.sign(said, wall);
    const IpAddress& source = *machine.source();
    const IpAddress group = wire::vrrp_group(source.family);
    return {wire::encode(said, source, group, wire::ChecksumDialect::pseudo_header), source};
}

Machine sender(Settings settings, const IpAddress& source = their_address) {
    Machine machine(std::move(settings));
    machine.set_source(source);
    return machine;
}

Output hear(Router& router, const OnTheWire& packet, WallTime wall) {
    const auto said = wire::decode_advertisement(packet.message, packet.source, wire::vrrp_group(packet.source.family));
    REQUIRE(said);
    Heard heard{.advertisement = *said, .source = packet.source};
    heard.proof = {packet.message, wall};
    return router.hear(heard);
}

/// "good", or why the packet was dropped. A packet that was dropped has moved nothing.
std::string fate(Router& router, const OnTheWire& packet, WallTime wall = noon) {
    const Counters before = router.machine.counters();
    const State state = router.state();
    const auto wake = router.machine.wake_at();
    const Output output = hear(router, packet, wall);
    const Counters after = router.machine.counters();
    if (after.heard > before.heard) return "good";
    CHECK(silent(output));
    CHECK(unmoved(router, state, *wake));
    std::string text;
    for (std::size_t i = 0; i < drop_count; ++i) {
        if (after.dropped[i] != before.dropped[i]) text += to_text(static_cast<Drop>(i));
    }
    return text;
}

std::string fate_with(Settings settings, const OnTheWire& packet, WallTime wall = noon) {
    Router router = test::backup(std::move(settings));
    return fate(router, packet, wall);
}

/// Three routers on a link that loses nothing; their clocks do not agree quite.
class Three {
public:
    Three() {
        for (std::size_t i = 0; i < 3; ++i) {
            routers_.emplace_back(with(i, std::nullopt));
            IpAddress source = our_address;
            source.bytes[3] = static_cast<std::uint8_t>(10 + i);
            routers_.back().set_source(source);
            act(i, routers_.back().start(now_, false));
        }
        pass(seconds(5));
        moves_ = 0;
    }
    void reconfigure(std::size_t which, const std::optional<Authentication>& to) {
        act(which, routers_[which].reconfigure(with(which, to), now_));
        pass(seconds(5));
    }
    void reconfigure_all(const std::optional<Authentication>& to) {
        for (const std::size_t which : {std::size_t{2}, std::size_t{0}, std::size_t{1}}) reconfigure(which, to);
    }
    [[nodiscard]] std::string states() const {
        std::string text;
        for (const Machine& each : routers_) text += std::string(to_text(each.state())) + " ";
        return text;
    }
    [[nodiscard]] std::uint64_t dropped() const {
        std::uint64_t sum = 0;
        for (const Machine& each : routers_) {
            for (const std::uint64_t count : each.counters().dropped) sum += count;
        }
        return sum;
    }
    [[nodiscard]] std::size_t moves() const { return moves_; }
    [[nodiscard]] const Machine& first_backup() const { return routers_[1]; }

private:
    static Settings with(std::size_t which, const std::optional<Authentication>& to) {
        Settings settings = plain(static_cast<std::uint8_t>(150 - 10 * which));
        settings.authentication = to;
        return settings;
    }
    [[nodiscard]] WallTime wall(std::size_t which) const {
        return noon + now_.time_since_epoch() + which * milliseconds(1700);
    }
    void pass(Duration duration) {
        for (const Instant end = now_ + duration; now_ < end; now_ += milliseconds(1)) {
            for (std::size_t i = 0; i < 3; ++i) act(i, routers_[i].tick(now_));
        }
    }
    void act(std::size_t from, const Output& output) {
        if (output.from && *output.from != routers_[from].state()) ++moves_;
        if (!output.send) return;
        const OnTheWire packet = say(routers_[from], wall(from), *output.send);
        const auto said = wire::decode_advertisement(packet.message, packet.source, wire::vrrp_group(Family::ipv4));
        for (std::size_t i = 0; i < 3; ++i) {
            if (i == from) continue;
            Heard heard{.advertisement = *said, .source = packet.source};
            heard.proof = {packet.message, wall(i)};
            act(i, routers_[i].heard(heard, now_));
        }
    }

    Instant now_{hours(1)};
    std::vector<Machine> routers_;
    std::size_t moves_ = 0;
};

constexpr AuthMode modes[] = {AuthMode::receive_only, AuthMode::permissive, AuthMode::enforce};

}  // namespace

TEST_CASE(
    "a node signs in every mode but receive-only, and accepts unsigned advertisements in every mode but enforce") {
    for (const AuthMode theirs : modes) {
        Machine they = sender(keyed(theirs));
        const OnTheWire packet = say(they, noon);
        CHECK((packet.message.size() > 16) == (theirs != AuthMode::receive_only));
        for (const AuthMode ours : modes) {
            const bool refused = theirs == AuthMode::receive_only && ours == AuthMode::enforce;
            CHECK(fate_with(keyed(ours), packet) == (refused ? "not signed" : "good"));
        }
    }
}

TEST_CASE("without keys only unsigned advertisements are accepted") {
    Machine they = sender(keyed(AuthMode::enforce));
    CHECK(fate_with(plain(), say(they, noon)) == "signed, and no keys here");
    Machine none = sender(plain());
    CHECK(fate_with(plain(), say(none, noon)) == "good");
    CHECK(fate_with(keyed(AuthMode::enforce), say(none, noon)) == "not signed");
}

TEST_CASE("a wrong signature is refused in every mode") {
    Settings theirs = keyed(AuthMode::enforce);
    theirs.authentication->keys = {key(1, 0xcc), key(3, 0xdd)};
    Machine other_secret = sender(theirs);
    theirs.authentication->active = 3;
    Machine other_key = sender(theirs);
    const OnTheWire wrong = say(other_secret, noon), unknown = say(other_key, noon);
    for (const AuthMode mode : modes) {
        CHECK(fate_with(keyed(mode), wrong) == "signature");
        CHECK(fate_with(keyed(mode), unknown) == "unknown key");
    }
}

TEST_CASE("each key of the file verifies, whichever signs here") {
    for (const std::uint8_t theirs : {std::uint8_t{1}, std::uint8_t{2}}) {
        for (const std::uint8_t ours : {std::uint8_t{1}, std::uint8_t{2}}) {
            Machine they = sender(keyed(AuthMode::enforce, 100, theirs));
            Router router = test::backup(keyed(AuthMode::enforce, 100, ours));
            CHECK(fate(router, say(they, noon)) == "good");
            REQUIRE(router.machine.peer());
            CHECK(router.machine.peer()->key == theirs);
            CHECK(router.machine.counters().trusted == 1);
        }
    }
}

TEST_CASE("a trailer of another type is refused, whatever is in it") {
    Machine they = sender(keyed(AuthMode::enforce));
    for (const std::size_t octet : {std::size_t{16}, std::size_t{18}, std::size_t{19}}) {
        OnTheWire packet = say(they, noon);
        packet.message[octet] ^= std::byte{2};
        CHECK(fate_with(keyed(AuthMode::permissive), packet) == "trailer");
    }
}

TEST_CASE("the same advertisement is good once, and each receiver judges for itself") {
    Machine they = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    const OnTheWire first = say(they, noon), second = say(they, noon);
    CHECK(fate(router, second) == "good");
    CHECK(fate(router, second) == "replay");
    CHECK(fate(router, first) == "replay");
    CHECK(fate_with(keyed(AuthMode::enforce), first) == "good");
    CHECK(router.dropped(Drop::replay) == 2);
}

TEST_CASE("each advertisement is later than the one before it, although no time has passed") {
    Machine they = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    // More than the counter has room for: then it carries into the time.
    for (int i = 0; i < 70'000; ++i) REQUIRE(hear(router, say(they, noon), noon).obeys);
    CHECK(router.machine.counters().trusted == 70'000);
}

TEST_CASE("the sequence is the time of day: seconds, their 65536th parts, and a counter") {
    Machine they = sender(keyed(AuthMode::enforce));
    wire::Advertisement said = they.advertisement(100);
    they.sign(said, WallTime(seconds(0x6a1b2c3d)) + milliseconds(500));
    CHECK(said.trailer->sequence == 0x6a1b2c3d80000000);
    they.sign(said, WallTime(seconds(0x6a1b2c3d)) + milliseconds(500));
    CHECK(said.trailer->sequence == 0x6a1b2c3d80000001);
}

TEST_CASE("an advertisement is stale three intervals before or after its time, and five seconds at least") {
    const auto is_stale = [](milliseconds interval, Duration error) {
        Settings settings = keyed(AuthMode::enforce);
        settings.interval = interval;
        Machine they = sender(settings);
        return fate_with(settings, say(they, noon + error)) == "stale";
    };
    for (const int sign : {1, -1}) {
        CHECK(!is_stale(milliseconds(1000), sign * seconds(5)));
        CHECK(is_stale(milliseconds(1000), sign * seconds(6)));
        CHECK(!is_stale(milliseconds(10), sign * seconds(5)));
        CHECK(is_stale(milliseconds(10), sign * seconds(6)));
        CHECK(!is_stale(milliseconds(10'000), sign * seconds(30)));
        CHECK(is_stale(milliseconds(10'000), sign * seconds(31)));
        CHECK(!is_stale(milliseconds(1900), sign * seconds(6)));  // parts of a second count as whole ones
        CHECK(is_stale(milliseconds(1900), sign * seconds(7)));
        CHECK(is_stale(milliseconds(1000), sign * hours(24 * 365 * 40)));
    }
}

TEST_CASE("what is stale is refused before its signature is looked at") {
    Machine they = sender(keyed(AuthMode::enforce));
    OnTheWire packet = say(they, noon - seconds(60));
    packet.message.back() ^= std::byte{1};
    CHECK(fate_with(keyed(AuthMode::enforce), packet) == "stale");
}

TEST_CASE("a peer that was booted again is believed at once, and what it said before stays refused") {
    Router router = test::backup(keyed(AuthMode::enforce));
    Machine they = sender(keyed(AuthMode::enforce));
    const OnTheWire before = say(they, noon);
    CHECK(fate(router, before) == "good");
    Machine again = sender(keyed(AuthMode::enforce));
    CHECK(fate(router, say(again, noon + milliseconds(1)), noon + milliseconds(1)) == "good");
    CHECK(fate(router, before, noon + milliseconds(2)) == "replay");
}

TEST_CASE("a receiver that was booted again is told nothing that is older than the window") {
    Machine they = sender(keyed(AuthMode::enforce));
    const OnTheWire old = say(they, noon);
    CHECK(fate_with(keyed(AuthMode::enforce), old, noon + seconds(6)) == "stale");
}

TEST_CASE("a clock that is set back a little does not stop the sender") {
    Machine they = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    CHECK(fate(router, say(they, noon)) == "good");
    CHECK(fate(router, say(they, noon - seconds(4))) == "good");
    CHECK(fate(router, say(they, noon - seconds(3))) == "good");
}

TEST_CASE("a clock that was far ahead and is set right does not stop the sender either") {
    Machine they = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    CHECK(fate(router, say(they, noon + hours(1))) == "stale");
    CHECK(fate(router, say(they, noon)) == "good");
}

TEST_CASE("a receiver whose clock was far ahead and is set right believes its peers again") {
    Machine they = sender(keyed(AuthMode::enforce)), right = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    CHECK(fate(router, say(they, noon + hours(1)), noon + hours(1)) == "good");
    const OnTheWire packet = say(right, noon);
    CHECK(fate(router, packet) == "good");
    CHECK(fate(router, packet) == "replay");
}

TEST_CASE("the seconds may begin anew, as they do in 2106") {
    const WallTime end{seconds(0xffffffff)};
    Machine they = sender(keyed(AuthMode::enforce));
    Router router = test::backup(keyed(AuthMode::enforce));
    CHECK(fate(router, say(they, end), end) == "good");
    const OnTheWire after = say(they, end + seconds(1));
    CHECK(fate(router, after, end + seconds(1)) == "good");
    CHECK(fate(router, after, end + seconds(1)) == "replay");
    // A sender that began anew: only the comparison of serial numbers says that its second packet is news.
    Machine before = sender(keyed(AuthMode::enforce)), again = sender(keyed(AuthMode::enforce));
    Router late = test::backup(keyed(AuthMode::enforce));
    CHECK(fate(late, say(before, end), end) == "good");
    CHECK(fate(late, say(again, end + seconds(1)), end + seconds(1)) == "good");
}

TEST_CASE("a signature is good for one virtual router, version, family and source only") {
    Machine they = sender(keyed(AuthMode::enforce));
    OnTheWire from_elsewhere = say(they, noon);
    from_elsewhere.source = ip(lesser);
    const auto repaired = [](const OnTheWire& packet) {  // a forger makes the checksum right
        const auto group = wire::vrrp_group(Family::ipv4);
        OnTheWire out = packet;
        for (unsigned sum = 0; sum <= 0xffff; ++sum) {
            out.message[6] = static_cast<std::byte>(sum >> 8);
            out.message[7] = static_cast<std::byte>(sum & 0xff);
            if (wire::decode_advertisement(out.message, out.source, group)) return out;
        }
        FAIL("no checksum is right");
        return out;
    };
    CHECK(fate_with(keyed(AuthMode::permissive), repaired(from_elsewhere)) == "signature");
    Settings other = keyed(AuthMode::enforce);
    other.vrid = 52;
    Machine neighbour = sender(other);
    OnTheWire moved = say(neighbour, noon);
    moved.message[1] = std::byte{51};
    CHECK(fate_with(keyed(AuthMode::permissive), repaired(moved)) == "signature");
}

TEST_CASE("our own advertisement that comes back is a replay; a newer one from our address is another node's") {
    Router router = test::master(keyed(AuthMode::enforce));
    const OnTheWire ours = say(router.machine, noon);
    CHECK(fate(router, ours) == "replay");
    Machine twin = sender(keyed(AuthMode::enforce), our_address);
    CHECK(fate(router, say(twin, noon + seconds(1)), noon + seconds(1)) == "own");
    Machine unsigned_twin = sender(plain(), our_address);
    CHECK(fate(router, say(unsigned_twin, noon), noon) == "not signed");
}

TEST_CASE("version 2 is signed as well, and then needs no password") {
    Settings settings = keyed(AuthMode::enforce);
    settings.version = 2;
    Machine they = sender(settings);
    CHECK(fate_with(settings, say(they, noon)) == "good");
    settings.interval = seconds(2);
    CHECK(fate_with(settings, say(they, noon)) == "interval");
}

TEST_CASE("a signature costs nothing where the packet is unfit anyway") {
    Machine they = sender(keyed(AuthMode::enforce));
    Settings settings = keyed(AuthMode::enforce);
    settings.peers = {ip(lesser)};
    const OnTheWire packet = say(they, noon);
    Router router = test::backup(settings);
    CHECK(fate(router, packet) == "not a peer");
}

TEST_CASE("of many senders the newest are remembered, and those of the window are not forgotten for others") {
    Authenticator authenticator;
    const Authentication any = rules(AuthMode::enforce);
    const auto from = [&](int number, WallTime wall) {
        IpAddress source = ip("10.0.0.0");
        source.bytes[2] = static_cast<std::uint8_t>(number / 256);
        source.bytes[3] = static_cast<std::uint8_t>(number % 256);
        Machine they = sender(keyed(AuthMode::enforce), source);
        const OnTheWire packet = say(they, wall);
        const auto said = wire::decode_advertisement(packet.message, source, wire::vrrp_group(Family::ipv4));
        return authenticator.doubt(*said, source, {packet.message, wall}, &any, seconds(5));
    };
    for (int i = 0; i < 1000; ++i) CHECK(!from(i, noon + milliseconds(i)));
    CHECK(authenticator.senders() == Authenticator::senders_known);
    CHECK(from(999, noon + milliseconds(999)) == Drop::replay);
    CHECK(from(1000 - static_cast<int>(Authenticator::senders_known), noon) == Drop::replay);
    CHECK(!from(1, noon + seconds(10)));  // by then the others are stale
    CHECK(authenticator.senders() == 1);
}

TEST_CASE("three routers come to sign mode by mode, change their key, and cease to sign, without a transition") {
    Three link;
    REQUIRE(link.states() == "master backup backup ");
    const auto both = [](std::uint8_t active) {
        return Authentication{AuthMode::enforce, active, {key(1, 0xaa), key(2, 0xbb)}};
    };
    const std::uint64_t before = link.first_backup().counters().trusted;
    for (const AuthMode mode : modes) link.reconfigure_all(Authentication{mode, 1, {key(1, 0xaa)}});
    CHECK(link.first_backup().counters().trusted > before);
    CHECK(link.first_backup().peer()->key == 1);
    link.reconfigure_all(both(1));
    link.reconfigure_all(both(2));
    CHECK(link.first_backup().peer()->key == 2);
    link.reconfigure_all(Authentication{AuthMode::permissive, 2, {key(1, 0xaa), key(2, 0xbb)}});
    link.reconfigure_all(Authentication{AuthMode::receive_only, 2, {key(1, 0xaa), key(2, 0xbb)}});
    link.reconfigure_all(std::nullopt);
    CHECK(!link.first_backup().peer()->key);
    CHECK(link.states() == "master backup backup ");
    CHECK(link.moves() == 0);
    CHECK(link.dropped() == 0);
}

TEST_CASE("where modes are left out there are two masters, and the counters say why") {
    Three link;
    link.reconfigure(0, Authentication{AuthMode::permissive, 1, {key(1, 0xaa)}});
    CHECK(link.states() == "master master backup ");
    CHECK(link.first_backup().counters().dropped[static_cast<std::size_t>(Drop::not_expected)] > 0);
    CHECK(link.moves() > 0);
}

}  // namespace lbconverge::vrrp
