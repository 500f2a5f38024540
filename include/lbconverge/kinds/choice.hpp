// Which real server the schedulers mh, sh and dh choose. They keep no state of connections: they hash the client (dh:
// the destination) into a table of slots, and each slot belongs to a server. So the choice can be computed, and two
// directors choose alike if and only if they have the same table (linux: net/netfilter/ipvs/ip_vs_{mh,sh,dh}.c; the
// same from 4.18 to 6.12).
//
// The table follows from the service, its servers and their weights, and from two things that a look at the rows does
// not show:
//
//   order        mh and sh walk the list of the service's servers. A new server comes to its head, and nothing moves
//                another one. RealServer::Facts::position has it.
//   last_weight  mh counts the last weight of a server that was not 0 since it was added. The kernel tells nobody. So a
//                server that was added with weight 0 has no slots, and one that was set to 0 keeps its slots.
//
// A kernel that is given a pool by lbconverge at once gets the rows by their keys, and so has the largest key first.
// This is the order to be restored: it depends neither on the file's order nor on history (pool_of the file,
// comes_before).
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/real_server.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lbconverge::kinds {

struct Observed;  // all.hpp

/// A server of a pool, as far as these schedulers look at it.
struct PoolServer {
    IpAddress address;
    std::uint16_t port = 0;
    std::uint32_t weight = 0;
    std::uint32_t last_weight = 0;  ///< the last one that was not 0 since the server was added; 0: there was none
    /// It has reached its upper threshold and not yet fallen below the lower one. A row shows the first only.
    bool overloaded = false;

    [[nodiscard]] bool available() const { return weight != 0 && !overloaded; }
    [[nodiscard]] std::pair<IpAddress, std::uint16_t> key() const { return {address, port}; }
    bool operator==(const PoolServer&) const = default;
};

/// A service with its servers in the order of the kernel's list.
struct OrderedPool {
    Service::Key service;
    ShortName scheduler;
    ServiceFlags flags;
    std::vector<PoolServer> servers;

    bool operator==(const OrderedPool&) const = default;
};

/// Whether the first one is nearer to the head of the list, in a kernel that was given both at once.
bool comes_before(const RealServer::Key& a, const RealServer::Key& b);

/// Whether a scheduler chooses by a table of slots: mh, sh and dh.
bool has_slot_table(const ShortName& scheduler);

/// The services of a file, found by key. The file must outlive it; without a file it has none.
class FileServices {
public:
    explicit FileServices(const config::Config* config);
    /// nullptr: there is no such service.
    [[nodiscard]] const config::Service* find(const Service::Key& key) const;

private:
    std::map<Service::Key, const config::Service*> all_;
};

/// The pool of the file, as a kernel has it that was given it at once. Without fallback: it is in the pool only when it
/// is needed.
OrderedPool pool_of(const config::Service& service);
/// The pool as the kernel has it; nullopt: it has no such service. The last weight of a server whose weight is 0 is
/// that of `file` (the service of the file, may be null): so it was if lbconverge has taken the server out of use.
std::optional<OrderedPool> pool_of(const Service::Key& service, const Observed& observed, const config::Service* file);

/// Sizes of the tables: constants of a kernel's build. No kernel tells them to programs; /boot/config-* has the first
/// two. The defaults are those of Linux, of which Debian changes none.
struct TableSizes {
    std::uint32_t mh_index = 12;  ///< CONFIG_IP_VS_MH_TAB_INDEX, 8 to 17: the table has 251 to 131,071 slots; 4,093
    std::uint32_t sh_bits = 8;    ///< CONFIG_IP_VS_SH_TAB_BITS, 4 to 20: a power of 2; 256 slots
    std::uint32_t dh_bits = 8;    ///< in every kernel
};

/// The source of a packet, and where it goes to; only dh looks at that.
struct ClientPacket {
    IpAddress address;
    std::uint16_t port = 0;  ///< 0 for what is neither TCP, UDP nor SCTP
    IpAddress destination;
};

/// What a packet that belongs to no connection yet gets.
struct Choice {
    static constexpr std::uint32_t none = UINT32_MAX;
    std::uint32_t server = none;  ///< index into OrderedPool::servers; none: the packet is refused
    std::uint32_t slot = 0;
    /// Whose slot it is; none: the table is empty. Not `server` if that one is not available.
    std::uint32_t owner = none;
};

/// Shares of the clients, of 1, if all addresses and ports are equally frequent.
struct MovedShare {
    double moved = 0;    ///< get another server
    double refused = 0;  ///< had a server and get none
};

/// The slots of a service, and who has them.
class SlotTable {
public:
    /// nullopt: it has another scheduler, or more servers than slots (then the kernel keeps what it had).
    static std::optional<SlotTable> of(OrderedPool pool, const TableSizes& sizes = {});

    [[nodiscard]] const OrderedPool& pool() const { return pool_; }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] Choice choose(const ClientPacket& client) const;
    /// Slots of that server, whether it is available or not.
    [[nodiscard]] std::uint32_t slots_of(std::uint32_t server) const;
    /// Equal: both tables choose alike for every client. Stable across versions and machines.
    [[nodiscard]] std::uint64_t fingerprint() const;
    /// What a change from `before` to `after` means for the clients without a connection. For dh with a VIP the share
    /// of all clients is that of its one slot: 0 or 1. Exact, but for one thing: where the fallback flag of mh leads to
    /// depends on a hash, which is taken for even.
    static MovedShare moved(const SlotTable& before, const SlotTable& after);

private:
    enum class Hash : std::uint8_t { mh, sh, dh };
    SlotTable(OrderedPool pool, Hash hash, std::uint32_t size) : pool_(std::move(pool)), hash_(hash), size_(size) {}

    void fill_mh(std::uint32_t weight_bits);
    void fill_sh();
    void fill_dh();
    [[nodiscard]] bool by_port() const;
    [[nodiscard]] bool falls_back() const;
    [[nodiscard]] std::uint32_t slot_of(const ClientPacket& client, std::uint32_t offset) const;
    [[nodiscard]] bool available(std::uint32_t slot) const { return pool_.servers[owners_[slot]].available(); }
    /// What every client of that slot gets (a server, or none); nullopt: it depends on the client.
    [[nodiscard]] std::optional<std::uint32_t> certain(std::uint32_t slot) const;

    class Comparison;  // src/kinds/moved_share.cpp

    OrderedPool pool_;
    Hash hash_;
    std::uint32_t size_;
    std::vector<std::uint32_t> owners_;  ///< per slot an index into pool_.servers; empty: no server has a slot
};

/// The same choice for every client. True of pools whose choice nobody can compute.
bool choose_alike(const OrderedPool& a, const OrderedPool& b);

}  // namespace lbconverge::kinds
