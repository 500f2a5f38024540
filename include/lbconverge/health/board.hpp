// Health checks as a function: requests for probes come out, and their answers go in. kinds::Health is what all answers
// say about the real servers. There is one probe per check and server, which several services may share. Pure: no
// clock, no socket; `now` is the caller's, and jitter is a hash.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/health/messages.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/model/instant.hpp"
#include "lbconverge/model/invariant.hpp"
#include "lbconverge/model/result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lbconverge::health {

using kinds::Liveness;

/// The observed rows of servers about which `health` says nothing.
std::vector<Found> found_in(const kinds::Observed& observed, const kinds::Health& health);

/// One check of one server.
struct Probe {
    std::uint64_t id = 0;
    std::shared_ptr<const config::Check> check;
    IpAddress address;
    std::uint16_t port = 0;
    kinds::Service::Key service{};  ///< via = "vip": the service through which it asks; else empty
    std::uint32_t mark = 0;         ///< via = "vip": the mark with which it asks
    Liveness is = Liveness::unknown;
    std::string why{};      ///< the reason of the last change, or of the last failure after it
    Instant since{};        ///< of the last change
    bool was_up = false;    ///< it has been up at some time
    std::uint32_t row = 0;  ///< how many answers in a row have contradicted `is`
    std::optional<std::uint32_t> weight{};
    bool begun = false;    ///< it may ask, because the kernel has been looked at
    bool running = false;  ///< it has asked and has no answer yet
    std::uint32_t run = 0;
    Instant asked{};
    std::optional<Duration> took{};  ///< what the last answer took
    Instant next{};                  ///< when it asks again, or stops waiting for an answer
    std::vector<std::pair<std::uint32_t, std::uint32_t>> places{};  ///< service and server of the configuration
};

/// A change of what a probe says, for the log.
struct News {
    IpAddress address;
    std::uint16_t port = 0;
    config::CheckType type = config::CheckType::tcp;
    Liveness from = Liveness::unknown, to = Liveness::unknown;
    std::string why;
};
/// A service that lost its quorum or has it again.
struct QuorumNews {
    kinds::Service::Key service;
    bool met = false;
    std::uint32_t live = 0;
    bool fallback = false;  ///< the service has a fallback
};
/// A service that would have less than its share of servers (config::Service::keep), or has enough again.
struct KeepNews {
    kinds::Service::Key service;
    std::uint32_t kept = 0;  ///< servers that stay although they are down; 0: it has enough again
    std::uint32_t live = 0, all = 0;
};

/// What the board thinks of a server of the configuration. It is small: there may be a hundred thousand.
struct ServerView {
    Liveness is = Liveness::unknown;
    bool checked = false;
    bool drained = false;
    bool kept = false;                  ///< it stays in the pool although it is down
    bool answered = false;              ///< `took` says something
    std::chrono::microseconds took{0};  ///< what the last answer took
};
/// What it thinks of a service.
struct ServiceView {
    std::size_t first_server = 0;  ///< its place in BoardView::servers
    std::uint32_t quorum = 1;
    std::uint32_t live = 0;     ///< servers that are up and not drained
    std::uint32_t unknown = 0;  ///< servers without an answer yet
    std::uint32_t kept = 0;     ///< servers that stay although they are down
    bool lacks_quorum = false;
    bool fallback_serves = false;
};
/// Of all services, in the order of the configuration; `servers` are those of the first service, then of the second, …
struct BoardView {
    std::vector<ServiceView> services;
    std::vector<ServerView> servers;
};
/// In one number each.
struct BoardSummary {
    std::size_t probes = 0;
    std::size_t unknown = 0;
    std::size_t down = 0;
    std::size_t services_short = 0;    ///< services below their quorum
    std::size_t services_keeping = 0;  ///< services in which servers stay although they are down
};

class Board {
public:
    /// Checks the servers of this configuration from now on. Probes that the old configuration had as well go on
    /// undisturbed.
    void configure(const config::Config& config, Instant now);
    /// Takes over the health that the last daemon or command has saved. Its drains replace all others.
    void remember(const kinds::Health& before, Instant now);
    /// Tells what the kernel has; before that, no probe asks. A server that is there with a weight starts as up, one
    /// with weight 0 as down. For the others the first answer decides.
    void found(const std::vector<Found>& rows, Instant now);
    void answered(const ProbeAnswer& answer, Instant now);
    /// The servers to ask now. A probe that has no answer in time has failed.
    std::vector<ProbeRequest> tick(Instant now);
    [[nodiscard]] std::optional<Instant> wake_at() const;

    /// refused: with these drains a service would have fewer servers that are up than it keeps. Not asked of a service
    /// with a fallback, which serves then.
    [[nodiscard]] Result<void> can_drain(const std::vector<kinds::Drained>& drains) const;
    /// False: nothing has changed.
    bool drain(const kinds::Drained& what, Instant now);
    bool undrain(const kinds::Drained& what, Instant now);
    /// For a command that runs without a daemon: servers of which nothing is known count as up.
    void assume_up(Instant now);

    [[nodiscard]] kinds::Health health(Instant now) const;
    /// Every probe has had an answer.
    [[nodiscard]] bool knows_all() const { return unknown_ == 0; }
    /// Whether the service with this name or id has its quorum; if it has several ports, on all of them. nullopt: it is
    /// not known yet, or there is no such service.
    [[nodiscard]] std::optional<bool> service_is_up(std::string_view name) const;
    /// Decides which servers stay although they are down. True: anything that health() says has changed since the last
    /// call.
    bool take_changed(Instant now);
    std::vector<News> take_news() { return std::exchange(news_, {}); }
    std::vector<QuorumNews> take_quorum_news() { return std::exchange(quorum_news_, {}); }
    std::vector<KeepNews> take_keep_news() { return std::exchange(keep_news_, {}); }
    [[nodiscard]] const std::vector<Probe>& probes() const { return probes_; }
    // ---- for metrics (view.cpp)
    /// Adds services to the view, after those that it has, until it has got so many servers more. False: it has all.
    bool add_to(BoardView& view, std::size_t servers) const;
    [[nodiscard]] std::vector<kinds::Drained> drains(Instant now) const;
    [[nodiscard]] BoardSummary summary() const;
    /// All counts and indexes agree with the probes. It takes time linear in the servers, so it is called only in tests
    /// and after a reload (src/health/invariant.cpp).
    [[nodiscard]] BrokenInvariant broken_invariant() const;

private:
    enum class Standing : std::uint8_t { unknown, met, short_ };
    struct Member {
        IpAddress address;
        std::uint16_t port = 0;
        std::uint32_t weight = 1;
        std::uint32_t probe = 0;  ///< index, or no_probe
        bool drained = false;
        bool kept = false;                   ///< it stays in the pool although it is down
        std::optional<Instant> leaves_at{};  ///< down, not kept: until then it has weight 0
        bool gone = false;                   ///< that time has come
    };
    struct Pool {
        kinds::Service::Key key;
        std::string name;
        std::uint32_t quorum = 1, hysteresis = 0;
        bool fallback = false;
        std::uint32_t least = 0;  ///< so many of its servers stay in the pool
        std::vector<Member> members;
        std::uint32_t live = 0, unknown = 0;
        Standing standing = Standing::unknown;
        Instant since{};
        std::uint32_t kept = 0;   ///< members
        bool incomplete = false;  ///< servers that have left the file stay for it
        [[nodiscard]] bool taken_over() const { return fallback && standing == Standing::short_; }
    };
    struct ActiveDrain {
        kinds::Drained what;
        Instant since;
    };
    static constexpr std::uint32_t no_probe = UINT32_MAX;

    using CheckPtr = std::shared_ptr<const config::Check>;
    using Identity = std::tuple<const config::Check*, IpAddress, std::uint16_t, kinds::Service::Key>;

    CheckPtr shared(const config::Check& check);
    std::uint32_t probe_for(const CheckPtr& check, const Member& member, const Pool& pool,
                            std::map<Identity, Probe>& before, std::map<Identity, std::uint32_t>& made);
    void become(std::uint32_t index, Liveness is, std::optional<std::uint32_t> weight, std::string why, Instant now);
    void fail(std::uint32_t index, const std::string& why, Instant now);
    void succeed(std::uint32_t index, const ProbeAnswer& answer, Instant now);
    void schedule(std::uint32_t index, Instant at);
    void begin(std::uint32_t index, Instant now);
    void count(const Probe& probe, bool in);
    void count(Pool& pool, const Member& member, bool in) const;
    void judge(Pool& pool, Instant now);
    void recount_all(Instant now);
    static void take_over_pools(const std::vector<Pool>& before, std::vector<Pool>& pools);
    void settle(std::uint32_t pool, Instant now);
    void settle_all(Instant now);
    [[nodiscard]] std::vector<std::uint32_t> kept_members(const Pool& pool) const;
    [[nodiscard]] bool serves(const Member& member) const;
    [[nodiscard]] bool is_down(const Member& member) const;
    void let_go(Member& member, std::uint32_t pool, std::uint32_t place, Instant from, Instant now);
    static Standing standing_of(const Pool& pool);
    [[nodiscard]] bool drained(const Pool& pool, const Member& member) const;
    [[nodiscard]] BrokenInvariant broken_probe(std::uint32_t index) const;
    [[nodiscard]] BrokenInvariant broken_pool(const Pool& pool) const;
    [[nodiscard]] kinds::RealServer::Key key_of(std::pair<std::uint32_t, std::uint32_t> place) const;
    struct Keyed {
        kinds::RealServer::Key key;
        std::uint32_t probe = 0;
        std::uint32_t weight = 0;  ///< the weight of the file
    };
    [[nodiscard]] std::vector<Keyed> by_key() const;
    static const Keyed* find(const std::vector<Keyed>& all, const kinds::RealServer::Key& key);

    std::vector<Probe> probes_;
    std::map<std::string, CheckPtr> checks_;  ///< by their contents
    std::unordered_map<std::uint64_t, std::uint32_t> by_id_;
    std::vector<Pool> pools_;  ///< in the order of the configuration's services
    std::set<std::pair<Instant, std::uint32_t>> due_;
    std::set<std::uint32_t> exceptions_;  ///< probes that health() has something to say about
    std::vector<ActiveDrain> drains_;
    std::size_t unknown_ = 0;
    std::size_t down_ = 0;
    std::uint64_t last_id_ = 0;
    bool changed_ = false;
    std::vector<News> news_;
    std::vector<QuorumNews> quorum_news_;
    std::vector<KeepNews> keep_news_;
    std::set<std::uint32_t> doubtful_;  ///< pools
    /// When the servers that are down leave the pool: time, pool, member.
    std::set<std::tuple<Instant, std::uint32_t, std::uint32_t>> leaving_;
};

}  // namespace lbconverge::health
