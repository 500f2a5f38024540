// What health checks and the operator say of real servers. With the configuration they are the three owners of a
// weight: 0 where the operator drains, else 0 where health says down, else what the file says. A value, like Election:
// the daemon's health::Board makes it, a one-shot command reads it from the run directory. It names exceptions only.
#pragma once

#include "lbconverge/kinds/real_server.hpp"
#include "lbconverge/model/damaged_lines.hpp"
#include "lbconverge/model/instant.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lbconverge::kinds {

/// What a check says. `unknown`: no opinion yet; the row is held as it is.
enum class Liveness : std::uint8_t { unknown, up, down };
constexpr auto names_of(Liveness) {
    return enum_names<Liveness>({{Liveness::unknown, "unknown"}, {Liveness::up, "up"}, {Liveness::down, "down"}});
}

/// Of one real server of one service. A server without an opinion is up, with the weight of the file.
struct ServerOpinion {
    RealServer::Key key;
    Liveness is = Liveness::up;
    std::optional<std::uint32_t> weight{};  ///< up: what the check itself says (exec, file)
    std::string why{};                      ///< "connect refused"
    std::chrono::seconds age{0};            ///< for how long it has been so
};

/// An operator's word: no new connections for this server.
struct Drained {
    IpAddress address;
    std::uint16_t port = 0;                 ///< 0: whatever the port
    std::optional<Service::Key> service{};  ///< only in this one; none: in all of them
    std::chrono::seconds age{0};

    [[nodiscard]] bool covers(const RealServer::Key& key) const;
    [[nodiscard]] bool same_as(const Drained& other) const;
};

/// A service whose servers that are up are fewer than its quorum; or about which that is not known yet.
struct Shortage {
    Service::Key key;
    bool known = true;  ///< false: the fallback is held as it is
    std::chrono::seconds age{0};
};

struct Health {
    std::vector<ServerOpinion> servers;  ///< sorted by key
    std::vector<Shortage> shortages;     ///< sorted by key
    std::vector<Drained> drains;

    [[nodiscard]] const ServerOpinion* of(const RealServer::Key& key) const;
    [[nodiscard]] const Shortage* of(const Service::Key& key) const;
    [[nodiscard]] const Drained* drain_of(const RealServer::Key& key) const;
    [[nodiscard]] bool empty() const { return servers.empty() && shortages.empty() && drains.empty(); }
};

/// "12 s", "5 min", "3 h", "2 d": how long something has been so.
std::string age_text(std::chrono::seconds age);

/// One line per exception; opinions without knowledge are left out. Ages become points in time.
std::string to_text(const Health& health, BootTime now);

struct ReadHealth {
    Health health;
    DamagedLines damaged;
};
/// Never fails: what cannot be read is left out. What lies in the future is of now; so is what an older version wrote,
/// by the clock on the wall.
ReadHealth parse_health(std::string_view text, BootTime now);

}  // namespace lbconverge::kinds
