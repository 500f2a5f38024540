// The list of kinds, and the states made of one table per kind. A new kind is one word in `Kinds`.
#pragma once

#include "lbconverge/kinds/address.hpp"
#include "lbconverge/kinds/arp_filter.hpp"
#include "lbconverge/kinds/file_memory.hpp"
#include "lbconverge/kinds/link.hpp"
#include "lbconverge/kinds/mark.hpp"
#include "lbconverge/kinds/real_server.hpp"
#include "lbconverge/kinds/redirect.hpp"
#include "lbconverge/kinds/route.hpp"
#include "lbconverge/kinds/service.hpp"
#include "lbconverge/kinds/sync_daemon.hpp"
#include "lbconverge/kinds/sysctl.hpp"
#include "lbconverge/kinds/timeouts.hpp"
#include "lbconverge/model/instant.hpp"

#include <chrono>
#include <tuple>

namespace lbconverge::kinds {

/// This is the order in which the kinds are read, and in which the steps of a phase are carried out. A parent comes
/// before its children. A route comes before the address that may be its source: both are removed in the same phase.
using Kinds =
    std::tuple<Link, Sysctl, ArpFilter, Redirect, Mark, Route, Address, Service, RealServer, Timeouts, SyncDaemon>;
constexpr std::size_t kind_count = std::tuple_size_v<Kinds>;
static_assert(kind_count < 32);  // bits of Reading::kinds

namespace detail {
template <template <class> class Box, class List>
struct each_in_box;
template <template <class> class Box, class... Kind>
struct each_in_box<Box, std::tuple<Kind...>> {
    using type = std::tuple<Box<Kind>...>;
};
template <class Kind, class List>
struct index_in;
template <class Kind, class... Rest>
struct index_in<Kind, std::tuple<Kind, Rest...>> : std::integral_constant<std::uint8_t, 0> {};
template <class Kind, class First, class... Rest>
struct index_in<Kind, std::tuple<First, Rest...>>
    : std::integral_constant<std::uint8_t, 1 + index_in<Kind, std::tuple<Rest...>>::value> {};
template <class Kind>
using Claims = std::vector<Claim<Kind>>;
template <class... K>
constexpr bool all_kinds(std::tuple<K...>*) {
    return (Kind<K> && ...);
}
}  // namespace detail
static_assert(detail::all_kinds(static_cast<Kinds*>(nullptr)));

/// A box per kind: get<Service>() and so on.
template <template <class> class Box>
class PerKind {
public:
    template <class Kind>
    [[nodiscard]] Box<Kind>& get() {
        return std::get<Box<Kind>>(boxes_);
    }
    template <class Kind>
    [[nodiscard]] const Box<Kind>& get() const {
        return std::get<Box<Kind>>(boxes_);
    }

private:
    typename detail::each_in_box<Box, Kinds>::type boxes_;
};

/// Position of a kind in the list.
template <class Kind>
constexpr std::uint8_t kind_id = detail::index_in<Kind, Kinds>::value;

template <class Kind>
constexpr std::uint32_t kind_bit = std::uint32_t{1} << kind_id<Kind>;
/// Whether a kind on demand is to be read.
template <OnDemand Kind>
constexpr bool reads(const Reading& reading) {
    return (reading.kinds & kind_bit<Kind>) != 0;
}

/// Calls f.template operator()<Kind>() for each kind, in the order of the list.
template <class F>
void for_each_kind(F&& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<std::tuple_element_t<I, Kinds>>(), ...); }
    (std::make_index_sequence<kind_count>{});
}

/// Calls f.template operator()<Kind>() for the kind at that position.
template <class F>
void with_kind(std::uint8_t id, F&& f) {
    for_each_kind([&]<class Kind>() {
        if (kind_id<Kind> == id) f.template operator()<Kind>();
    });
}

/// All kinds on demand; those of IPVS only if asked for.
inline std::uint32_t kinds_on_demand(bool ipvs) {
    std::uint32_t kinds = 0;
    for_each_kind([&]<class Kind>() {
        if (OnDemand<Kind> && (ipvs || !Balancing<Kind>)) kinds |= kind_bit<Kind>;
    });
    return kinds;
}

/// What should be on this node.
struct Desired : PerKind<Wanted> {
    std::vector<IpAddress> vips;  ///< every VIP that the configuration names, sorted; wherever it should be now
    std::vector<IpAddress> own;   ///< addresses that the configuration names as the node's own, sorted
    bool marks = false;           ///< the kernel keeps the marks of addresses (since 5.18); make_plan() finds out
    bool exclusive = false;       ///< [ipvs] exclusive: services that nobody configured are ours to remove
    Part part = Part::all;        ///< the kinds that were asked for; the rows of the others are unknown
};

/// What is.
struct Observed : PerKind<Seen> {
    HostFacts facts;
    /// Kinds that could not be read. Their rows are unknown, which does not mean that there are none.
    std::vector<std::pair<std::uint8_t, Error>> unread;
    std::vector<std::string> absent;  ///< settings that were asked for and that this kernel does not have; sorted

    [[nodiscard]] const Error* why_unread(std::uint8_t kind) const {
        const auto at =
            std::find_if(unread.begin(), unread.end(), [&](const auto& each) { return each.first == kind; });
        return at == unread.end() ? nullptr : &at->second;
    }
};

/// A real server that was taken out of use and is kept until its connections are gone.
struct DrainingServer {
    RealServer::Key key;
    BootTime since;
    std::optional<std::chrono::milliseconds> timeout{};  ///< of its service, for when the file has lost it
};

/// A line of the ledger that a newer version has written. It is kept unchanged.
struct UnknownLine {
    Part part = Part::tables;  ///< in whose file it stands
    std::string text;
    auto operator<=>(const UnknownLine&) const = default;
};

/// The contents of the ledger: what one run leaves for the next.
struct Ledger : PerKind<detail::Claims> {
    std::vector<DrainingServer> drains;  ///< sorted by key
    FileMemory file;                     ///< of the file that was last carried out
    std::vector<UnknownLine> unknown;    ///< sorted

    template <class Kind>
    [[nodiscard]] const Claim<Kind>* claim(const typename Kind::Key& key) const {
        const auto& claims = this->get<Kind>();
        const auto at = std::lower_bound(claims.begin(), claims.end(), key,
                                         [](const Claim<Kind>& c, const typename Kind::Key& k) { return c.key < k; });
        return at != claims.end() && at->key == key ? &*at : nullptr;
    }
};

/// The desire() of all kinds of that part, tables sorted.
Desired desire(const Inputs& inputs, Part part = Part::all);

/// What has to be read in order to compare it with `desired`, and to find the rows that `ledger` claims. It points to
/// both.
Reading reading_for(const Desired& desired, const Ledger& ledger, Role role, const HostFacts& facts);

}  // namespace lbconverge::kinds
