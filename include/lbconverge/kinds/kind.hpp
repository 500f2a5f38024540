// What every kind of kernel state has in common. A kind is one struct in one file pair:
//
//   name           "service": in ids, JSON and the ledger
//   Key            what identifies a row; ordered
//   Value          what is compared; == decides whether there is something to do, field by field never
//   Facts          what is true of an observed row but not compared (connections, address flags)
//   id, parse_id   Key ↔ the stable id of the interface
//
//   desire   configuration + election + facts → rows that should be
//   ask      what to request in order to read the rows that are
//   decode   one reply → rows
//   owner    ours, or somebody else's?
//   phase    when in the plan
//   encode   one change → requests
//   refusal  an errno for one change → a sentence for a person
//   obstacle (where a kind has any) what is known before the first write to stand in the way of a change
//   ask_again (where a kind has it) once more for rows that should be there, and that a dump may have passed over
//   ask_more (where a kind has it) for what the first answers leave open
//
// all.hpp lists the kinds; everything else is generic over that list.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/model/enumerations.hpp"
#include "lbconverge/model/fields.hpp"
#include "lbconverge/model/host_facts.hpp"
#include "lbconverge/model/result.hpp"
#include "lbconverge/model/source.hpp"
#include "lbconverge/model/table.hpp"
#include "lbconverge/wire/request.hpp"

#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lbconverge::kinds {

using lbconverge::from_text;
using lbconverge::to_text;

struct Desired;   // all.hpp
struct Observed;  // all.hpp
struct Ledger;    // all.hpp
struct Health;    // health.hpp

enum class Action : std::uint8_t { create, update, remove };
constexpr auto names_of(Action) {
    return enum_names<Action>({{Action::create, "create"}, {Action::update, "update"}, {Action::remove, "delete"}});
}

/// The part of a plan in which a step runs. src/plan/phases.hpp has the order of the phases, which depends on the role.
enum class Phase : std::uint8_t { withdraw, tighten, load, quiesce, bind, announce, unload, unbind, relax };
constexpr auto names_of(Phase) {
    return enum_names<Phase>({{Phase::withdraw, "withdraw"},
                              {Phase::tighten, "tighten"},
                              {Phase::load, "load"},
                              {Phase::quiesce, "quiesce"},
                              {Phase::bind, "bind"},
                              {Phase::announce, "announce"},
                              {Phase::unload, "unload"},
                              {Phase::unbind, "unbind"},
                              {Phase::relax, "relax"}});
}

/// The owner of an observed row that the configuration does not want, or not in this form.
enum class Owner : std::uint8_t {
    ours,       ///< we made or adopted it, or it belongs to something that is ours: removed when not wanted
    named,      ///< the configuration names it, but not in this place or not now (a VIP on a backup): removed
    foreign,    ///< of another program, in a kind that we use for balancing: shown, never changed
    unrelated,  ///< of another program, and not related to balancing (the node's own addresses): not shown
};

/// Why a row is wanted.
/// `health`: not as configured, since a check, a quorum or an operator says so. `keep`: for the plan's own sake, so
/// that what goes takes nothing else along.
enum class Cause : std::uint8_t { config, election, health, drain, restore, keep };

/// Beside each desired row: who asked for it.
struct Origin {
    Source source;
    Cause cause = Cause::config;
    /// Of a real server that is out of use: the weight with which it is made before it is set to 0. The scheduler mh
    /// counts the last weight that was not 0, which no row shows (kinds/choice.hpp). 0: there is none to count.
    std::uint32_t first_weight = 0;
};

/// One change of one row. Exactly one of before and after is null for create and remove.
template <class Kind>
struct Change {
    const typename Kind::Key& key;
    const typename Kind::Value* before;
    const typename Kind::Value* after;
    Cause cause = Cause::config;
    std::uint32_t first_weight = 0;  ///< of the origin
    bool again = false;              ///< an update for which the row is removed and made again (plan::Step::again)

    [[nodiscard]] Action action() const {
        return before == nullptr ? Action::create : after == nullptr ? Action::remove : Action::update;
    }
};

/// A row that must not be created, changed or removed now, and why.
template <class Kind>
struct Held {
    typename Kind::Key key;
    std::string reason;
};

/// A row that is not as the file says, because of health or an operator, and why.
template <class Kind>
struct Overruled {
    typename Kind::Key key;
    std::string why;
};

/// The rows of one kind that should be.
template <class Kind>
struct Wanted {
    Table<Kind, Origin> rows;
    std::vector<Held<Kind>> held;              ///< sorted by key
    std::vector<typename Kind::Key> unwanted;  ///< the configuration names them, but not now; sorted
    std::vector<Overruled<Kind>> overruled{};  ///< sorted by key

    void finish();  ///< sorts all of them; compiled in the kind's own file (src/kinds/instantiate.hpp)
};

/// The rows of one kind that are.
template <class Kind>
using Seen = Table<Kind, typename Kind::Facts>;

/// How a row became ours. For a restorable row the ledger has the old value instead.
enum class ClaimOrigin : std::uint8_t {
    unknown,  ///< a ledger of an older version does not say
    made,     ///< it was not there when its making was planned
    adopted,  ///< it was there
};
constexpr auto names_of(ClaimOrigin) {
    return enum_names<ClaimOrigin>(
        {{ClaimOrigin::unknown, "unknown"}, {ClaimOrigin::made, "made"}, {ClaimOrigin::adopted, "adopted"}});
}

/// What the ledger remembers of a row that is ours.
template <class Kind>
struct Claim {
    typename Kind::Key key;
    std::uint64_t fingerprint = 0;                 ///< of the desired row (and its children) as last converged
    std::optional<typename Kind::Value> before{};  ///< restorable kinds: the value to put back
    ClaimOrigin origin = ClaimOrigin::unknown;
    std::string more{};  ///< fields of a newer version, as they stand in the ledger
};

/// All that obstacle() may look at.
struct Circumstances {
    const Desired& desired;
    const Observed& observed;
    const Ledger& ledger;
};

/// All that desire() may look at.
struct Inputs {
    const config::Config& config;
    const Election& election;
    const HostFacts& facts;
    const Health* health = nullptr;  ///< none: everything is as configured
    bool release = false;            ///< everything that is ours is given up, at once and without draining
};

/// What is to be read from the kernel.
struct Reading {
    bool ipvs = false;                        ///< services and real servers
    std::uint32_t kinds = 0;                  ///< bit kind_id: of the kinds on demand, those to be read
    std::vector<std::string> sysctls;         ///< paths below /proc/sys, sorted
    std::size_t expected_real_servers = 0;    ///< room to reserve; any number is right
    std::vector<InterfaceName> interfaces{};  ///< whose addresses must not be missed
    bool only_interfaces = false;             ///< the addresses of others are not asked for
    /// The rows that should be there, if they are known. A dump in pieces may miss one of them; then that row is asked
    /// for once more. Both pointers must stay valid during the reading.
    const Desired* desired = nullptr;
    const Ledger* ledger = nullptr;
};

/// The functions that every kind has, as the head of this file says. Each kind declares them by this one line.
#define LBCONVERGE_KIND_FUNCTIONS(Self)                                                                   \
    static void desire(const Inputs& inputs, Wanted<Self>& wanted);                                       \
    static void ask(const Reading& reading, Observed& observed, wire::Requests& requests);                \
    static void decode(const wire::Reply& reply, const Reading& reading, Observed& observed);             \
    static Owner owner(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger); \
    static Phase phase(const Change<Self>& change, const Inputs& inputs);                                 \
    static void encode(const Change<Self>& change, const HostFacts& facts, std::uint32_t tag,             \
                       wire::Requests& requests);                                                         \
    static Error refusal(const Change<Self>& change, int error);

/// What the rest of the program relies on; all.hpp asserts it of the list.
template <class K>
concept Kind = std::totally_ordered<typename K::Key> && std::equality_comparable<typename K::Value> &&
    std::default_initializable<typename K::Facts> && fields_cover<typename K::Value> &&
    requires(const typename K::Key& key, const typename K::Facts& facts, const Change<K>& change, Wanted<K>& wanted,
             const Inputs& inputs, const Reading& reading, const Desired& desired, const Ledger& ledger,
             const HostFacts& host, Observed& observed, wire::Requests& requests, const wire::Reply& reply) {
    { K::name } -> std::convertible_to<std::string_view>;
    { K::label } -> std::convertible_to<std::string_view>;
    { K::id(key) } -> std::same_as<std::string>;
    { K::parse_id(std::string_view()) } -> std::same_as<std::optional<typename K::Key>>;
    { K::desire(inputs, wanted) } -> std::same_as<void>;
    { K::ask(reading, observed, requests) } -> std::same_as<void>;
    { K::decode(reply, reading, observed) } -> std::same_as<void>;
    { K::owner(key, facts, desired, ledger) } -> std::same_as<Owner>;
    { K::phase(change, inputs) } -> std::same_as<Phase>;
    { K::encode(change, host, std::uint32_t(), requests) } -> std::same_as<void>;
    { K::refusal(change, int()) } -> std::same_as<Error>;
};

/// A restorable kind is never created or removed, only set; giving it up means putting the old value back.
template <class Kind>
concept Restorable = requires {
    requires Kind::restorable;
};

/// A kind that is read only if a row of it is desired or claimed. Other nodes are spared that work.
template <class Kind>
concept OnDemand = requires {
    requires Kind::on_demand;
};

/// A kind of the IPVS tables. These tables can be large, and a VIP must not wait for them.
template <class Kind>
concept Balancing = requires {
    requires Kind::balancing;
};

/// One of the interfaces that had the same name one after the other; 0: there is none. The kernel does not say to which
/// of them a row belongs, so two of them compare as equal. Their fingerprints differ, and so the ledger can tell them
/// apart.
struct Incarnation {
    std::uint32_t index = 0;
    friend constexpr bool operator==(Incarnation, Incarnation) { return true; }
    friend constexpr std::strong_ordering operator<=>(Incarnation, Incarnation) { return std::strong_ordering::equal; }
};
inline std::string to_text(Incarnation incarnation) { return std::to_string(incarnation.index); }
inline bool from_text(std::string_view text, Incarnation& incarnation) { return from_text(text, incarnation.index); }

/// A kind whose rows belong to one interface (Value::incarnation): they do not work with a later interface of the same
/// name. A row that looks right but has another fingerprint in the ledger is made again.
template <class Kind>
concept Bound = requires(const typename Kind::Value& value) {
    { value.incarnation } -> std::convertible_to<Incarnation>;
};

/// A kind that asks once more for rows that a dump may have missed. The kernel sends a large dump in pieces and counts
/// rows to know where to go on. If other programs add or remove rows meanwhile, some rows come twice or not at all
/// (linux: ip_vs_genl_dump_services, ip_vs_genl_dump_dests; without NLM_F_DUMP_INTR. inet_dump_ifaddr, with it).
/// `open`: the tags of the requests whose answers leave a doubt.
template <class Kind>
concept AsksAgain = requires {
    &Kind::ask_again;
};

/// A kind that asks for little first, and for more only if that leaves something open.
template <class Kind>
concept AsksMore = requires {
    &Kind::ask_more;
};

/// The kinds that a plan is about. The plan does not change the others, and the ledger keeps their claims.
enum class Part : std::uint8_t {
    all,
    network,  ///< all that is not balancing
    tables,   ///< all that is
};

template <class Kind>
constexpr bool within(Part part) {
    return part == Part::all || (part == Part::tables) == Balancing<Kind>;
}

/// A kind whose rows exist only together with a row of another kind.
template <class Kind>
concept ChildKind = requires {
    typename Kind::Parent;
};

/// "what: reason of errno": the sentence for an error that the kind has no special sentence for.
Error plain_refusal(const std::string& what, int error);

/// The interface is not there, and nothing of this plan brings it.
bool lacks_interface(const InterfaceName& name, const Circumstances& at);

/// The sentence for a row in our nftables table of that family.
Error nft_refusal(const std::string& what, const std::string& family, int error);

/// That of an instance; backup where nothing is known of it.
ElectionState state_of(std::string_view instance, const Election& election);
/// One master among the instances that the VIP hangs on. VIPs without an instance are always active.
ElectionState state_of(const config::Vip& vip, const Election& election);
/// State of the instance that a service's VIP hangs on; master for a service whose VIP hangs on none.
ElectionState state_of(const config::Service& service, const Inputs& inputs);

}  // namespace lbconverge::kinds
