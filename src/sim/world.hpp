// The simulated cluster: hosts with a kernel, a clock and perhaps a process, the network between them, the queue of
// future actions, and the faults. Private to src/sim.
#pragma once

#include "clock.hpp"
#include "lbconverge/plan/convergence.hpp"
#include "lbconverge/sim/fake_kernel.hpp"
#include "lbconverge/sim/simulation.hpp"
#include "other_make.hpp"

#include <map>
#include <memory>
#include <queue>
#include <set>

namespace lbconverge::sim {

using Callback = std::function<void()>;

/// The actions of the future. Of actions at the same time, the one that was added first comes first.
class Queue {
public:
    void at(Instant when, Callback action) { events_.push({std::max(when, now_), count_++, std::move(action)}); }
    void after(Duration wait, Callback action) { at(now_ + wait, std::move(action)); }
    /// False: there is nothing before `end`.
    bool run_one(Instant end);
    [[nodiscard]] Instant now() const { return now_; }

private:
    struct Scheduled {
        Instant when;
        std::uint64_t number;
        Callback action;
        bool operator<(const Scheduled& other) const {
            return when != other.when ? when > other.when : number > other.number;
        }
    };
    std::priority_queue<Scheduled> events_;
    std::uint64_t count_ = 0;
    Instant now_;
};

/// Kernel work of one lane that is under way.
struct Job {
    bool busy = false;
    node::Converge ask;  ///< the convergence refers to its configuration
    std::unique_ptr<plan::Convergence> work;
    std::size_t next = 0;  ///< step of the phase that is under way
    std::vector<plan::Failure> failures;
    bool hampered = false;   ///< a fault of the kernel has touched it
    bool overtaken = false;  ///< by a newer election: the phase that is under way is the last
};

struct Process {
    explicit Process(node::ConfigPtr config) : brain(std::move(config)) {}

    node::Node brain;
    std::uint64_t timer = 0;  ///< only the last one that was set counts
    bool notified = false;    ///< the kernel's news of a change is on its way
    std::array<Job, node::lane_count> jobs;
    std::shared_ptr<const kinds::Observed> seen;  ///< what the network lane saw last, when it was as desired
};

/// The rows that a file wants, by their names, each with the VIP that needs it.
struct WantedRows {
    std::map<std::string, std::optional<IpAddress>> settings;
    std::map<std::string, std::optional<IpAddress>> others;
    std::set<kinds::Route::Key> routes;
};
WantedRows wanted_rows(const config::Config& config, std::size_t node);

struct Host {
    node::ConfigPtr base;  ///< what the file says
    node::ConfigPtr config;
    Clock clock{{}, {}, Clock::true_rate};
    std::int64_t rate = Clock::true_rate;  ///< without faults
    FakeKernel kernel;
    std::vector<InterfaceName> links;  ///< that the file names, whether they are there or not
    std::uint32_t last_index = 1000;   ///< of an interface that was made anew
    WantedRows wanted;                 ///< by the file; a fault names one by its number
    std::array<kinds::Ledger, node::lane_count> ledger{};
    std::shared_ptr<const kinds::Health> overlay{};  ///< as its file in the run directory
    Random random{0};
    std::unique_ptr<Process> process;
    std::uint64_t life = 0;                   ///< counts processes; actions for an earlier one do not happen
    unsigned down = 0, off = 0, paused = 0;   ///< faults that are at work
    bool start_again = false;                 ///< once the process that is stopping has gone
    bool stands_still = false;                ///< its clock does, for as long as it is paused
    Instant steady_at;                        ///< by then all its packets of a network fault have arrived
    Duration late{0};                         ///< the longest delay of its packets
    Instant tells_at;                         ///< by then its devices take gratuitous ARP again
    Instant tracked_at;                       ///< by then its tracks tell that they are good again
    Instant sends_at;                         ///< by then it has found out that the kernel sends again
    std::vector<node::Unsent> unsent;         ///< refusals that it was not told of yet
    std::vector<plan::Announcement> untaken;  ///< likewise
    // While the process is paused these wait: the packets in its sockets, and its own next actions.
    std::vector<node::Packet> mail;
    std::vector<std::pair<std::uint64_t, Callback>> inbox;  ///< with its life

    [[nodiscard]] bool has(const InterfaceName& link) const { return kernel.node.facts.interface(link) != nullptr; }
    [[nodiscard]] bool has_carrier(const InterfaceName& link) const {
        const Interface* there = kernel.node.facts.interface(link);
        return there != nullptr && there->carrier;
    }
};

/// A router of another make on the link of a virtual router.
struct Visitor {
    std::size_t router = nobody;
    OtherMake machine;
    bool well_formed = true;  ///< its packets are
    std::uint64_t timer = 0;  ///< only the last one that was set counts
};

class World {
public:
    explicit World(const Scenario& scenario);
    Run run();

private:
    // ---- processes (world.cpp)
    void start(std::size_t node);
    void kill(std::size_t node);
    void exited(std::size_t node);
    /// Happens to this process of the node, and only when it is not paused.
    void for_process(std::size_t node, Duration wait, Callback action);
    void turn(std::size_t node, const node::Event& event);
    void carry_out(std::size_t node, const node::Effects& effects);
    void set_timer(std::size_t node);
    void count_dark(Duration passed);
    void news(std::size_t node);
    void send_links(std::size_t node);
    void refresh(std::size_t node);
    void refresh_vips(std::size_t node);
    void refresh_seat(std::size_t node, const node::Instance& instance, ElectionState election);
    void settle();
    void forget(std::size_t node, std::string why);
    [[nodiscard]] std::string left_to_do(std::size_t node);
    [[nodiscard]] Instant settling_ends() const;

    // ---- kernel work (lanes.cpp)
    void begin(std::size_t node, const node::Converge& ask);
    void serve(std::size_t node, std::size_t lane);
    void serve_later(std::size_t node, std::size_t lane);
    void look(std::size_t node, std::size_t lane);
    void look_at_plan(std::size_t node, std::size_t lane);
    void step(std::size_t node, std::size_t lane);
    void carry_out_step(std::size_t node, std::size_t lane, std::size_t index);
    void finish(std::size_t node, std::size_t lane);
    void announce(std::size_t node, const std::vector<plan::Announcement>& announcements);
    [[nodiscard]] bool gets_through(std::size_t node, const plan::Announcement& each);
    void believe(std::size_t node, const plan::Announcement& each, bool arrived);
    [[nodiscard]] Duration cost(std::size_t node);
    [[nodiscard]] bool fails(std::size_t node);
    [[nodiscard]] plan::Plan make_plan(Host& host, const kinds::Ledger& ledger, const node::Converge& ask) const;
    [[nodiscard]] BootTime boot_time() const;

    // ---- tracks and hooks (tracks.cpp)
    void tell_tracks(std::size_t node);
    void tell_track(std::size_t node, std::size_t which);
    void run_hooks(std::size_t node, const node::Effects& effects);
    [[nodiscard]] static Duration patience_of(const config::Config& config);
    // ---- real servers (servers.cpp)
    void probe(std::size_t node, const std::vector<health::ProbeRequest>& requests);
    void look_at_pool(std::size_t node, const node::Converge& ask, const kinds::Service::Key& service);
    [[nodiscard]] std::vector<IpAddress> servers() const;
    [[nodiscard]] bool failing_server(std::size_t node, const IpAddress& address, Duration lately) const;

    // ---- network and faults (network.cpp)
    void tell_refusals(std::size_t node);
    void tell_sockets(std::size_t node);
    void send(std::size_t node, const node::Packet& packet);
    void send_to(std::size_t from, std::size_t to, const node::Packet& packet);
    void deliver(std::size_t to, const node::Packet& packet);
    [[nodiscard]] bool addressed(std::size_t to, const node::Packet& packet) const;
    [[nodiscard]] bool heard_by_others(std::size_t node, std::size_t router) const;
    [[nodiscard]] bool speaks_on(std::size_t node, const InterfaceName& link) const;
    [[nodiscard]] bool audible(std::size_t from, std::size_t to, std::size_t router) const;
    [[nodiscard]] bool heard_by_visitors(std::size_t node, std::size_t router) const;
    void refresh_hearing();
    void judge_again_at(Instant when);
    void refresh_judgement();
    [[nodiscard]] bool cut(std::size_t from, std::size_t to) const;
    [[nodiscard]] bool lost(std::size_t from, std::size_t to);
    [[nodiscard]] bool duplicated(std::size_t from);
    [[nodiscard]] Instant arrival(std::size_t from, std::size_t to);
    void fault(const Fault& fault, bool on);
    void fault(std::size_t node, const Fault& fault, bool on);
    void take_down(std::size_t node, const Fault& fault);
    void bring_up(std::size_t node);
    void resume(std::size_t node);
    void power_off(std::size_t node);
    void set_clock(std::size_t node);
    void reload(std::size_t node);
    [[nodiscard]] bool active(FaultKind kind, std::size_t node) const { return strongest(kind, node) != nullptr; }
    /// The one that counts, of those of this kind that are at work on this node.
    [[nodiscard]] const Fault* strongest(FaultKind kind, std::size_t node) const;
    [[nodiscard]] bool quiet_after(const Fault& fault) const;
    [[nodiscard]] static Instant back_for_good(const Fault& fault);

    // ---- routers of another make (visitors.cpp)
    void visit(const Fault& fault, bool on);
    [[nodiscard]] static bool misleads(const Fault& fault);
    void arrive(const Fault& fault, std::size_t router);
    void tell_visitors(std::size_t from, const node::Packet& packet);
    void visitor_hears(std::uint64_t key, const node::Packet& packet);
    void visitor_ticks(std::uint64_t key);
    void visitor_says(std::uint64_t key, std::uint8_t priority);
    void refresh_visitor(std::uint64_t key);
    [[nodiscard]] std::size_t outside() const { return hosts_.size(); }

    // ---- obstacles of the kernel (obstacles.cpp)
    /// As the faults that are at work now want it.
    void set_kernel(std::size_t node);
    void set_links(std::size_t node);
    void set_own_addresses(std::size_t node, std::size_t link);
    void set_link_address(std::size_t node, std::size_t link);
    void plug_in(std::size_t node, const InterfaceName& link);
    void set_refusals(std::size_t node);
    void set_routes(std::size_t node);
    [[nodiscard]] bool hits(FaultKind kind, std::size_t node, std::size_t which, std::size_t count) const;
    [[nodiscard]] bool hits_link(FaultKind kind, std::size_t node, const InterfaceName& link) const;
    [[nodiscard]] bool stands(std::size_t node, std::size_t router) const;
    [[nodiscard]] bool obstructs(const Fault& fault, std::size_t node, const IpAddress& vip) const;
    [[nodiscard]] bool able(std::size_t node, std::size_t router, const IpAddress& vip, bool was, bool holds) const;

    void note(Moment moment);

    const Scenario& scenario_;
    Queue queue_;
    Picture picture_;
    struct KnownAddress {
        std::size_t node = nobody;
        std::uint8_t link_address = 0;  ///< the part that differs
        bool operator==(const KnownAddress&) const = default;
    };
    /// Router, VIP: where its neighbours send to in vain, because the node has another link address now.
    std::vector<std::vector<std::optional<KnownAddress>>> outdated_;
    std::vector<Host> hosts_;
    std::vector<const Fault*> active_;
    std::vector<std::vector<Instant>> last_arrival_;  ///< from, to: packets do not overtake each other
    Random random_;
    Run run_;
    std::unique_ptr<Checker> checker_;
    std::vector<std::vector<bool>> was_served_;  ///< router, VIP: at least once
    std::map<std::uint64_t, Visitor> visitors_;  ///< by a number of their own
    std::uint64_t last_visitor_ = 0;
};

/// Routers of all configurations, with the VIPs of those that have them.
std::vector<Router> routers_of(const std::vector<node::ConfigPtr>& configs);
std::size_t router_of(const std::vector<Router>& routers, const InterfaceName& interface, std::uint8_t vrid,
                      Family family);
/// What a reload fault makes of a configuration.
node::ConfigPtr varied(const config::Config& config, std::uint64_t parameter);

}  // namespace lbconverge::sim
