// A million forged, repeated and spliced advertisements: none is believed, each is counted, and none moves anything.
#include "lbconverge/sim/random.hpp"
#include "lbconverge/wire/signature.hpp"
#include "unit/vrrp/router.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lbconverge::vrrp {

namespace {

using namespace test;
using Message = std::vector<std::byte>;

constexpr std::size_t many = 1'000'000;
constexpr std::size_t between = 1000;       ///< forgeries between two advertisements of the peer
constexpr std::size_t trailer_begins = 16;  ///< two VIPs over IPv4
const IpAddress group = wire::vrrp_group(Family::ipv4);
const IpAddress peer = ip(greater);
const WallTime first_day{hours(24 * 365 * 57)};
const SigningKey shared{1, std::vector<std::uint8_t>(32, 0x5a)};

Settings keyed() {
    Settings settings = plain();
    settings.authentication = {AuthMode::enforce, 1, {shared}};
    return settings;
}

/// What anybody can do: the checksum is no secret.
Message repaired(Message message) {
    const auto sum_of = [](const std::byte* data, std::size_t size) {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < size; ++i) sum += std::to_integer<std::uint64_t>(data[i]) << (i % 2 == 0 ? 8 : 0);
        return sum;
    };
    message[6] = message[7] = std::byte{0};
    std::uint64_t sum = sum_of(message.data(), std::min(message.size(), trailer_begins));
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    message[6] = static_cast<std::byte>(~sum >> 8 & 0xff);
    message[7] = static_cast<std::byte>(~sum & 0xff);
    return message;
}

/// Hears all that is on the link, and has every trick but the key.
class Forger {
public:
    explicit Forger(std::uint64_t seed) : random_(seed) {}

    void hear(const Message& genuine) { heard_.push_back(genuine); }

    struct Forgery {
        Message message;
        IpAddress source = peer;
    };
    Forgery next() {
        Forgery out{any()};
        switch (random_.below(9)) {
            case 0:
                for (auto flips = 1 + random_.below(4); flips > 0; --flips) flip(out.message);
                out.message = repaired(std::move(out.message));
                break;
            case 1:
                return out;  // as it was heard
            case 2:
                splice(out.message, any());
                break;
            case 3:
                splice(out.message, elsewhere(52, shared, 200));
                break;
            case 4:
                out.source = ip("192.0.2.9");
                out.message = repaired(std::move(out.message));
                break;
            case 5:
                for (std::size_t i = out.message.size() - 16; i < out.message.size(); ++i) out.message[i] = octet();
                break;
            case 6:
                out.message[2] = octet();
                out.message[trailer_begins + 11] = octet();
                out.message = repaired(std::move(out.message));
                break;
            case 7:
                out.message = elsewhere(51, {1, std::vector<std::uint8_t>(32, 0xa5)}, 200);
                break;
            default:
                out.message.resize(trailer_begins);
        }
        return out;
    }
    WallTime wall = first_day;

private:
    const Message& any() {  // most of all of the last ones: their time is still right
        const std::size_t back =
            random_.below(random_.chance(100) ? heard_.size() : std::min<std::size_t>(heard_.size(), 5));
        return heard_[heard_.size() - 1 - back];
    }
    std::byte octet() { return static_cast<std::byte>(random_.below(256)); }
    void flip(Message& message) {
        const std::size_t bit = random_.below(message.size() * 8);
        message[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    /// The head of one with the trailer of another, whose sequence may be newer.
    void splice(Message& message, const Message& other) {
        std::copy(other.begin() + trailer_begins, other.end(), message.begin() + trailer_begins);
        message[2] = octet();
        message = repaired(std::move(message));
    }
    Message elsewhere(std::uint8_t vrid, const SigningKey& key, std::uint8_t priority) const {
        wire::Advertisement said = Machine(plain()).advertisement(priority);
        said.vrid = vrid;
        const auto seconds_now =
            static_cast<std::uint64_t>(std::chrono::floor<seconds>(wall).time_since_epoch().count());
        wire::sign(said, peer, key, seconds_now << 32 | 0xffffffff);
        return wire::encode(said, peer, group, wire::ChecksumDialect::pseudo_header);
    }

    sim::Random random_;
    std::vector<Message> heard_;
};

/// False: it is no advertisement at all.
bool hear(Router& router, const Message& message, const IpAddress& source, WallTime wall) {
    const auto said = wire::decode_advertisement(message, source, group);
    if (!said) return false;
    Heard heard{.advertisement = *said, .source = source};
    heard.proof = {message, wall};
    router.machine.heard(heard, router.now);
    return true;
}

}  // namespace

TEST_CASE("of a million forgeries, replays and splices none is believed, and each is counted") {
    Router router = test::backup(keyed());
    Machine they{keyed()};
    they.set_source(peer);
    Forger forger(1);
    std::uint64_t unreadable = 0, genuine = 0, moves = 0;
    for (std::size_t i = 0; i < many; ++i) {
        if (i % between == 0) {
            forger.wall += seconds(1);
            router.now += seconds(1);
            wire::Advertisement said = they.advertisement(200);
            they.sign(said, forger.wall);
            const Message message = wire::encode(said, peer, group, wire::ChecksumDialect::pseudo_header);
            forger.hear(message);
            REQUIRE(hear(router, message, peer, forger.wall));
            REQUIRE(router.machine.counters().heard == ++genuine);
        }
        const auto wake = router.machine.wake_at();
        const Forger::Forgery forgery = forger.next();
        if (!hear(router, forgery.message, forgery.source, forger.wall)) ++unreadable;
        if (router.machine.counters().heard != genuine || !unmoved(router, State::backup, *wake)) ++moves;
    }
    std::uint64_t dropped = 0;
    for (std::size_t i = 0; i < drop_count; ++i) dropped += router.machine.counters().dropped[i];
    CHECK(moves == 0);
    CHECK(dropped + unreadable == many);
    CHECK(router.machine.counters().trusted == genuine);
    for (const Drop each :
         {Drop::not_signed, Drop::trailer, Drop::unknown_key, Drop::signature, Drop::stale, Drop::replay}) {
        CAPTURE(std::string(to_text(each)));
        CHECK(router.dropped(each) > 1000);
    }
}

}  // namespace lbconverge::vrrp
