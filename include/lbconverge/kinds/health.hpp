// What health checks and the operator say about real servers. The weight of a server has three sources: it is 0 if the
// operator drains the server, else 0 if its health is down, else as the file says. A value, like Election: the daemon's
// health::Board makes it, a one-shot command reads it from the run directory. It contains exceptions only.
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

/// The result of a check. `unknown`: there is no result yet, and the row stays as it is.
enum class Liveness : std::uint8_t { unknown, up, down };
constexpr auto names_of(Liveness) {
    return enum_names<Liveness>({{Liveness::unknown, "unknown"}, {Liveness::up, "up"}, {Liveness::down, "down"}});
}

/// The opinion about one real server of one service. A server without an opinion is up, with the weight of the file.
struct ServerOpinion {
    RealServer::Key key;
    Liveness is = Liveness::up;
    std::optional<std::uint32_t> weight{};  ///< up: what the check itself says (exec, file)
    std::string why{};                      ///< "connect refused"
    std::chrono::seconds age{0};            ///< for how long it has been so
    bool was_up = true;                     ///< down: it has been up at some time
    bool kept = false;                      ///< it stays in the pool nevertheless (config::Service::keep)
    bool gone = true;                       ///< down, not kept: its clients had the time to finish what was under way
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

/// A service with fewer servers up than its quorum; or it is not known yet whether they are enough.
struct Shortage {
    Service::Key key;
    bool known = true;  ///< false: the fallback is held as it is
    std::chrono::seconds age{0};
};

struct Health {
    std::vector<ServerOpinion> servers;  ///< sorted by key
    std::vector<Shortage> shortages;     ///< sorted by key
    std::vector<Drained> drains;
    /// Services whose servers in the file are not enough yet: servers that have left the file stay for them. Sorted.
    std::vector<Service::Key> incomplete{};

    [[nodiscard]] const ServerOpinion* of(const RealServer::Key& key) const;
    [[nodiscard]] const Shortage* of(const Service::Key& key) const;
    [[nodiscard]] const Drained* drain_of(const RealServer::Key& key) const;
    [[nodiscard]] bool is_incomplete(const Service::Key& key) const;
    [[nodiscard]] bool empty() const {
        return servers.empty() && shortages.empty() && drains.empty() && incomplete.empty();
    }
};

/// "12 s", "5 min", "3 h", "2 d": how long something has been so.
std::string age_text(std::chrono::seconds age);

/// One line per exception. Opinions `unknown` are left out. An age is written as a point in time.
std::string to_text(const Health& health, BootTime now);

struct ReadHealth {
    Health health;
    DamagedLines damaged;
};
/// Never fails: lines that cannot be read are left out. A time in the future counts as now; so does a time that an
/// older version wrote, since it used the wall clock.
ReadHealth parse_health(std::string_view text, BootTime now);

}  // namespace lbconverge::kinds
