// The core of one node: events and the time go in, and effects come out. The daemon runs one node in the real world,
// and the simulator several in a simulated one. Pure: no clock, no socket, no kernel.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/health/board.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/node/announcements.hpp"
#include "lbconverge/node/hooks.hpp"
#include "lbconverge/node/lanes.hpp"
#include "lbconverge/node/messages.hpp"
#include "lbconverge/node/tracks.hpp"
#include "lbconverge/plan/plan.hpp"
#include "lbconverge/vrrp/machine.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::node {

/// The priority of an instance that owns its addresses (RFC 9568 §6.1). No track changes it.
constexpr std::uint8_t owner_priority = 255;
/// How many changes of state of an instance are remembered, and how many different complaints about it are logged
/// within a minute.
constexpr std::size_t history_size = 20;
constexpr std::size_t complaints_at_once = 20;
/// Of many rows that were changed at once the log names so many, and counts the others; each of so many is followed.
constexpr std::size_t rows_named = 10;
constexpr std::size_t rows_followed = 100'000;

/// One change of the state of an instance.
struct Transition {
    Instant at;
    vrrp::State from = vrrp::State::init;
    vrrp::State to = vrrp::State::init;
    std::string why;
};

/// An instance with what the node adds to the protocol.
struct Instance {
    InterfaceName interface;
    vrrp::Machine machine;
    std::vector<plan::Announcement> vips{};  ///< all that hang on it, of both families, with where and how often
    Rhythm rhythm{};                         ///< of their announcements
    std::uint8_t base_priority = 100;        ///< before tracks and the sync group
    std::vector<std::string> tracks{};       ///< their names
    std::string group{};                     ///< its sync group; empty: none
    [[nodiscard]] bool names(const Track& track) const;
    bool started = false;
    bool holding = false;               ///< its VIPs were here when the daemon started
    std::vector<Transition> history{};  ///< the last few, oldest first
    std::vector<DarkVip>
        dark{};  ///< its VIPs that this node could not serve, or cannot: it makes room for one that can
    std::optional<Instant> offer_at{};  ///< a master that lacks VIPs: when it asks again for a node that can serve them
    std::optional<IpAddress> home{};    ///< the source that it began with, and to which it returns
    std::vector<IpAddress> shared{};    ///< own addresses that another node uses as its source, too
    std::uint64_t unsent = 0;           ///< advertisements that the kernel refused to send
    bool muted = false;                 ///< rounds of them are refused
    bool refused_now = false;           ///< the last round was refused
    std::size_t refused_packets = 0;    ///< of that round
    std::optional<Instant> muted_at{};  ///< when rounds of them began to be refused
    std::string mute{};                 ///< why it does not take part: nobody would hear it; empty: it does
    std::optional<Instant> try_at{};    ///< mute: when to try again to send
    Duration try_wait{0};               ///< mute: longer each time
    bool trying = false;                ///< mute: an attempt was sent, and was not refused yet
    std::array<std::uint64_t, wire::vrrp_refusal_count> refused{};  ///< unreadable packets with its vrid, by reason
    std::map<std::string, Instant> warned{};                        ///< when each complaint was last made
};

/// A row that is left alone for a while, so that its fault does not stop other work.
struct AvoidedRow {
    Lane lane = Lane::network;
    std::string why;
    std::optional<Instant> until{};  ///< none: it is to be tried with the next run
    Duration backoff{};
    bool fought = false;  ///< another program keeps changing it; else the kernel refused it
};

/// A VIP that could not be bound, and why.
struct Attempt {
    std::string why;                 ///< empty: it is to be tried again
    std::optional<Instant> until{};  ///< not master: when the reason stops counting by itself
    Duration backoff{};              ///< longer each time
};

/// What was logged about an interface whose advertisements are not sent.
struct Muteness {
    std::optional<Instant> said_at{};
    bool said = false;        ///< the last line in the log says that they are not sent
    std::uint64_t count = 0;  ///< since it began
};

/// How often the same row had to be put back lately.
struct Fight {
    std::uint32_t times = 0;
    Instant since{};
};

class Node {
public:
    /// Nothing happens before the first Links event, because the interfaces are not known before.
    explicit Node(ConfigPtr config);

    /// `wall` is the time of day, which signatures have in them.
    Effects turn(const Event& event, Instant now, WallTime wall);
    /// When it wants a Tick at the latest.
    [[nodiscard]] std::optional<Instant> wake_at() const;

    [[nodiscard]] const config::Config& config() const { return *config_; }
    [[nodiscard]] const ConfigPtr& shared_config() const { return config_; }
    [[nodiscard]] const std::vector<Instance>& instances() const { return instances_; }
    [[nodiscard]] const LaneState& lane(Lane lane) const { return lanes_[lane]; }
    [[nodiscard]] const std::map<std::string, Fight>& fights() const { return fights_; }
    /// Rows that had to be put back lately, with those that are not followed.
    [[nodiscard]] std::size_t fights_count() const { return fights_.size() + unfollowed_.times; }
    [[nodiscard]] const std::map<std::string, AvoidedRow>& avoided() const { return avoided_; }
    [[nodiscard]] Election election() const;
    /// Those that some instance names, in the order of the file.
    [[nodiscard]] const std::vector<Track>& tracks() const { return tracks_; }
    [[nodiscard]] const std::vector<HookQueue>& hooks() const { return hooks_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    /// VIPs that are on an answering interface, as the last Links event said.
    [[nodiscard]] const std::vector<IpAddress>& holding() const { return holding_; }
    [[nodiscard]] const health::Board& board() const { return board_; }
    /// Packets with a VRID that no instance on their interface has.
    [[nodiscard]] std::uint64_t strangers() const { return strangers_; }
    /// True after every turn (src/node/invariant.cpp). `thorough`: also of the board, and of every priority.
    [[nodiscard]] BrokenInvariant broken_invariant(Depth depth = Depth::thorough) const;

private:
    void handle(const Tick&, Instant) {}
    void handle(const Arrived& event, Instant now);
    void handle(const Links& event, Instant now);
    void handle(const Disturbed& event, Instant now);
    void handle(const Converged& event, Instant now);
    void handle(const Asked& event, Instant now);
    void handle(const Reload& event, Instant now);
    void handle(const Stop& event, Instant now);
    void handle(const Tracked& event, Instant now);
    void handle(const HookEnded& event, Instant now);

    // ---- invariants (invariant.cpp)
    [[nodiscard]] BrokenInvariant broken_instance(const Instance& instance) const;
    [[nodiscard]] BrokenInvariant broken_groups() const;
    [[nodiscard]] BrokenInvariant broken_work() const;
    [[nodiscard]] BrokenInvariant broken_hook(const HookQueue& queue) const;
    [[nodiscard]] BrokenInvariant broken_parting() const;

    // src/node/health.cpp
    void handle(const Probed& event, Instant now);
    void handle(const Remembered& event, Instant now);
    void handle(const DrainAsked& event, Instant now);
    void run_health(Instant now, bool tick);
    void read_services(Instant now);
    [[nodiscard]] std::shared_ptr<const kinds::Health> health_for(kinds::Part part, Instant now) const;

    // ---- what an instance can serve here (serving.cpp)
    [[nodiscard]] std::vector<DarkVip> dark_vips(const Instance& instance) const;
    [[nodiscard]] std::optional<std::string> no_interface(const Instance& instance) const;
    [[nodiscard]] std::optional<std::string> link_fault(const InterfaceName& name) const;
    [[nodiscard]] bool limited(const Instance& instance, const std::vector<Instance>& all) const;
    [[nodiscard]] std::vector<BadRow> rows_to_avoid(Lane which);
    [[nodiscard]] std::optional<std::string> why_not_yet(const config::Vip& vip) const;
    void learn_what_is_dark(const Converged& event);
    void learn_refusals(const Converged& event, Instant now);
    /// An instance is master without all its VIPs.
    [[nodiscard]] bool lacks_vips() const;
    [[nodiscard]] bool fought_over(const IpAddress& vip) const;
    void learn_from_failed_runs(Lane which);
    void count_as_dark(const IpAddress& vip, const std::string& why);
    void forget_refusals();
    void try_again();
    void run_attempts(Instant now);
    void follow_what_is_dark(Instant now);
    void make_room(Instance& instance, Instant now);
    void offer_room(Instant now);

    [[nodiscard]] bool ready_to_elect() const;
    void keep(Instance& fresh, Instance kept, Instant now);
    [[nodiscard]] std::map<std::string, std::string> renew_instances(Instant now);
    void start_what_can(Instant now);
    void run_timers(Instant now);
    void notice_absence(Instant now);
    void run_lanes(Instant now);
    void finish_stop();
    void watch_link(Instance& instance, Instant now);
    void carry_out(Instance& instance, const vrrp::Output& output, Instant now);
    void on_transition(Instance& instance, vrrp::State from, Instant now);
    void let_others_yield(Instant now);
    void send(Instance& instance, std::uint8_t priority);
    void announce_group_against(const Instance& instance, Instant now);
    void unreadable(Instance& instance, wire::VrrpRefusal refusal, const IpAddress& source, Instant now);
    void complain_about(Instance& instance, const vrrp::Heard& heard, const vrrp::Counters& before, Instant now);
    void complain(Instance& instance, const std::string& what, Instant now);
    void say(Level level, std::string text) { effects_.say.push_back({level, std::move(text)}); }
    void complain_about_lane(const Converged& event, const Converged& before);
    [[nodiscard]] std::optional<std::string> unable_alone(const Instance& instance) const;
    [[nodiscard]] bool holds(const IpAddress& vip) const;
    [[nodiscard]] const InterfaceState* link(const InterfaceName& name) const;

    // ---- what others have changed (fights.cpp)
    using Words = std::function<std::string(const std::string& what, bool one)>;
    void say_of(Level level, const std::vector<std::string>& rows, const Words& words);
    [[nodiscard]] std::vector<std::string> follow(const std::vector<std::string>& rows, Instant now);
    void count_repairs(const Converged& event, Instant now);
    void slow_fights(const Converged& event, Instant now);

    // ---- where advertisements come from (source.cpp)
    [[nodiscard]] std::optional<IpAddress> source_of(const Instance& instance) const;
    [[nodiscard]] std::string lacks_source(const Instance& instance) const;
    void settle_source(Instance& instance);
    void notice_shared(Instance& instance, const vrrp::Heard& heard, Instant now);

    // ---- sockets and link addresses (surroundings.cpp)
    void handle(const Unsent& event, Instant now);
    void handle(const NoSocket& event, Instant now);
    void handle(const Trouble& event, Instant now);
    void follow_sending(Instance& instance);
    void judge_refusal(Instance& instance, const std::string& why, Instant now);
    void run_mute(Instant now);
    [[nodiscard]] std::optional<std::string> unheard(const Instance& instance) const;

    // ---- telling the neighbours (telling.cpp)
    void handle(const VipsBound& event, Instant now);
    void handle(const Untaken& event, Instant now);
    void follow_links(const std::vector<InterfaceState>& before, Instant now);
    void revise_announcements(Instant now);

    // ---- tracks (tracks.cpp)
    void renew_tracks();
    [[nodiscard]] std::optional<std::string> tracked_fault(const Instance& instance) const;
    void take(Track& track, const TrackReading& reading, Instant now);
    void note(const Track& track, TrackOpinion before);
    void read_links(Instant now);
    void run_tracks(Instant now);
    void follow_tracks(Instant now);

    // ---- sync groups (groups.cpp)
    [[nodiscard]] std::uint8_t priority_of(const Instance& instance, const std::vector<Instance>& all) const;
    void prioritize(std::vector<Instance>& instances, Instant now) const;
    [[nodiscard]] std::optional<std::string> unable(const Instance& instance) const;
    [[nodiscard]] bool group_holds(const Instance& instance) const;
    [[nodiscard]] static Duration hand_over_of(const Instance& instance, const std::vector<Instance>& all);
    void yield_group(const Instance& instance, bool crossed, Instant now);
    void hurry_group(const Instance& instance, Instant now);
    void lead_groups(Instant now);
    [[nodiscard]] bool decides_tie(const Instance& instance, Instant now) const;

    // ---- hooks (hooks.cpp)
    void renew_hooks(const std::map<std::string, std::string>& before);
    void part_hooks(const Instance& gone);
    [[nodiscard]] bool hook_starts(HookQueue& queue, Instant now);
    [[nodiscard]] RunHook hook_run(HookQueue& queue, std::map<std::string, std::string> environment);
    [[nodiscard]] HookQueue* running_hook(std::uint64_t id);
    void run_hooks(Instant now);
    [[nodiscard]] bool hooks_idle() const;

    ConfigPtr config_;
    std::vector<Instance> instances_;
    Lanes lanes_;
    std::vector<InterfaceState> links_;  ///< by name
    std::vector<IpAddress> holding_;     ///< VIPs that are here, as the last Links event said
    std::map<InterfaceName, Muteness> muteness_;
    std::map<std::string, Instant> troubles_;  ///< when each was last said
    std::map<std::pair<InterfaceName, Family>, std::string>
        no_sockets_;  ///< where nothing can be sent or heard, and why
    bool links_known_ = false;
    std::map<std::string, Fight> fights_;
    Fight unfollowed_;  ///< of the last rows that were put back: how many are too many to be followed
    std::map<std::string, AvoidedRow> avoided_;
    std::map<IpAddress, Attempt> attempts_;  ///< VIPs that could not be bound
    std::vector<DarkVip> unserved_;          ///< VIPs for which the tables lane could load nothing
    std::vector<IpAddress> not_yet_;         ///< VIPs that the network lane must not bind yet
    bool dark_moved_ = false;  ///< the set of VIPs that can be served has changed since the priorities were last set
    health::Board board_;
    std::optional<Instant> ran_at_;  ///< the last turn
    WallTime wall_{};                ///< and its time of day
    bool stopping_ = false;
    bool exited_ = false;
    std::optional<std::uint64_t> last_run_;  ///< stopping: runs of the network lane before the one that withdraws
    std::uint64_t strangers_ = 0;
    std::vector<Track> tracks_;
    bool tracks_moved_ = false;  ///< what they say has changed since the priorities were last set
    Announcements announcements_;
    std::vector<HookQueue> hooks_;
    std::vector<PartingHook> parting_;
    std::uint64_t last_hook_ = 0;
    Effects effects_;
};

}  // namespace lbconverge::node
