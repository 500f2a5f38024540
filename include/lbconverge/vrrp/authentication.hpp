// Signed advertisements of one instance (draft-cassen-vrrp-auth-hmac, keepalived's auth_hmac since 2.4.2): how ours are
// signed, and which of the others are believed. Pure: keys and the time of day go in.
#pragma once

#include "lbconverge/model/enum_names.hpp"
#include "lbconverge/model/enumerations.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/signing_key.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace lbconverge::vrrp {

using lbconverge::to_text;

struct Authentication {
    AuthMode mode = AuthMode::enforce;
    std::uint8_t active = 1;       ///< id of the key that signs
    std::vector<SigningKey> keys;  ///< each of them verifies

    bool operator==(const Authentication&) const = default;
};

/// Why a well-formed advertisement was ignored.
enum class Drop : std::uint8_t {
    ttl,           ///< not 255 (RFC 9568 §7.1), or below min_ttl in unicast
    version,       ///< another version than ours
    auth_type,     ///< version 2: with a password here and without there, or the reverse
    auth_data,     ///< version 2: another password
    interval,      ///< version 2: another interval (RFC 3768 §7.1); version 3 learns it
    not_a_peer,    ///< unicast: not from one of the peers
    own,           ///< from our own address: our packet came back
    not_signed,    ///< and only signed ones are accepted
    not_expected,  ///< signed, and there are no keys here
    trailer,       ///< of a type that is not known
    unknown_key,   ///< signed with a key that is not here
    signature,     ///< wrong: a forgery, or one that was changed or taken from elsewhere; or another key by that id
    stale,         ///< its time is too far from ours
    replay,        ///< not newer than the newest of that sender
};
constexpr auto names_of(Drop) {
    return enum_names<Drop>({{Drop::ttl, "ttl"},
                             {Drop::version, "version"},
                             {Drop::auth_type, "authentication type"},
                             {Drop::auth_data, "password"},
                             {Drop::interval, "interval"},
                             {Drop::not_a_peer, "not a peer"},
                             {Drop::own, "own"},
                             {Drop::not_signed, "not signed"},
                             {Drop::not_expected, "signed, and no keys here"},
                             {Drop::trailer, "trailer"},
                             {Drop::unknown_key, "unknown key"},
                             {Drop::signature, "signature"},
                             {Drop::stale, "stale"},
                             {Drop::replay, "replay"}});
}
constexpr std::size_t drop_count = names_of(Drop{}).size();

/// Of a signed packet: what its signature covers, and the time of day.
struct Signed {
    std::span<const std::byte> message;
    WallTime wall{};
};

/// What an instance remembers of sequences: nothing that would have to survive its process. Its own grow with the time
/// of day, and what others sent before it began is stale soon.
class Authenticator {
public:
    /// Signs with the active key.
    void sign(wire::Advertisement& advertisement, const IpAddress& source, const Authentication& rules, WallTime wall,
              Duration window);
    /// Why the advertisement is not believed; nullopt: it is. `rules` may be null: there are no keys.
    [[nodiscard]] std::optional<Drop> doubt(const wire::Advertisement& said, const IpAddress& source,
                                            const Signed& proof, const Authentication* rules, Duration window);

    /// How far a time may be from ours: three intervals, but 5 s at least.
    static Duration window_of(Duration interval);
    /// Of so many senders at once the newest sequence is remembered.
    static constexpr std::size_t senders_known = 64;
    [[nodiscard]] std::size_t senders() const { return newest_.size(); }

private:
    [[nodiscard]] std::uint64_t next(WallTime wall, Duration window);
    [[nodiscard]] bool is_news(const IpAddress& sender, std::uint64_t sequence, WallTime wall, Duration window);
    void remember(const IpAddress& sender, std::uint64_t sequence, WallTime wall, Duration window);

    std::optional<std::uint64_t> sent_;          ///< the last one
    std::map<IpAddress, std::uint64_t> newest_;  ///< of each sender, authentic; ours as well: they may come back
};

}  // namespace lbconverge::vrrp
