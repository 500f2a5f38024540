// What the metrics of a node say at one moment, as a plain value, and how it is taken from the node. Pure.
#pragma once

#include "lbconverge/health/board.hpp"
#include "lbconverge/kinds/traffic.hpp"
#include "lbconverge/metrics/bulletin.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/node/messages.hpp"
#include "lbconverge/vrrp/machine.hpp"
#include "lbconverge/wire/vrrp.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::metrics {

/// Seconds since 1970.
using Timestamp = double;

struct InstanceFigures {
    std::string name;
    std::string interface;
    std::string group;  ///< its sync group; empty: none
    std::uint8_t vrid = 0;
    std::uint8_t version = 3;
    Family family = Family::ipv4;
    vrrp::State state = vrrp::State::init;
    Timestamp since = 0;
    std::uint8_t priority = 0;
    std::uint8_t base_priority = 0;
    std::vector<IpAddress> vips;
    std::size_t wanted = 0;      ///< VIPs that should be on this node now
    std::size_t not_served = 0;  ///< VIPs that this node cannot serve
    std::uint64_t unsent = 0;
    vrrp::Counters counters{};
    std::array<std::uint64_t, wire::vrrp_refusal_count> unreadable{};
};

struct LaneFigures {
    std::string name;
    bool busy = false;
    bool in_sync = false;
    bool failed = false;  ///< the last run
    std::uint64_t runs = 0, failures = 0, changes = 0, repaired = 0;
    Timestamp finished = 0;
    double seconds = 0;  ///< of the last run
    std::size_t blocked = 0, held = 0, foreign = 0, draining = 0;
};

struct TrackFigures {
    std::string name;
    bool up = false;
};

/// How the last attempt to read the configuration ended.
struct ReloadFigures {
    bool good = true;
    Timestamp good_at = 0;  ///< the last one that was good
};

struct MetricsPicture {
    std::string version;     ///< of the program
    node::ConfigPtr config;  ///< names the services and servers of `board`
    std::vector<InstanceFigures> instances;
    std::vector<IpAddress> here;  ///< VIPs that are on an answering interface; sorted by finish()
    std::vector<LaneFigures> lanes;
    std::vector<TrackFigures> tracks;
    std::uint64_t unknown_vrid = 0;
    std::optional<Bulletin> bulletin;  ///< none: no daemon
    std::optional<std::size_t> fights, left_alone;
    health::BoardSummary checks{};
    health::BoardView board;
    std::vector<kinds::Drained> drains;
    std::optional<ReloadFigures> reload;
    std::optional<bool> stale;  ///< the files are not those that are in use; none: it is not known
    std::optional<kinds::TrafficTable> traffic;
    std::optional<bool> traffic_read;  ///< it could be read; none: nobody has tried
    Timestamp at = 0;

    /// What is not done while the election waits. To be called once, before anything is read.
    void finish();
    [[nodiscard]] std::size_t bound_of(const InstanceFigures& instance) const;
    /// Also a row for each real server.
    [[nodiscard]] bool with_servers() const { return config->daemon.metrics_servers; }
};
using MetricsPicturePtr = std::shared_ptr<const MetricsPicture>;

/// Takes a picture of the node in pieces, since the election must not wait for a hundred thousand servers.
class Look {
public:
    /// So many servers in one piece.
    static constexpr std::size_t piece = 2048;

    /// Takes the next piece. False: that was the last. If there is another configuration now, it begins anew.
    bool go_on(const node::Node& node, Instant now, std::chrono::system_clock::time_point wall);
    [[nodiscard]] MetricsPicture& picture() { return picture_; }

private:
    MetricsPicture picture_;
};

}  // namespace lbconverge::metrics
