#include "lbconverge/plan/ledger.hpp"

#include "lbconverge/plan/plan.hpp"

#include <algorithm>
#include <iterator>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// Fingerprints of a kind's desired rows. That of a parent covers its children.
template <class Kind>
std::vector<std::uint64_t> fingerprints(const Desired& desired) {
    const auto rows = desired.get<Kind>().rows.rows();
    std::vector<std::uint64_t> prints;
    prints.reserve(rows.size());
    for (const Row<Kind>& row : rows) {
        Fingerprint print;
        fingerprint_fields(print, row.value);
        prints.push_back(print.value());
    }
    for_each_kind([&]<class Other>() {
        if constexpr (ChildKind<Other>) {
            if constexpr (std::is_same_v<typename Other::Parent, Kind>) {
                std::size_t parent = 0;
                for (const Row<Other>& row : desired.get<Other>().rows.rows()) {
                    while (parent < rows.size() && rows[parent].key < Other::parent(row.key)) ++parent;
                    if (parent == rows.size()) break;
                    Fingerprint print;
                    print.add(&prints[parent], sizeof prints[parent]);
                    print.add(&row.key.address, sizeof row.key.address);
                    print.add(&row.key.port, sizeof row.key.port);
                    fingerprint_fields(print, row.value);
                    prints[parent] = print.value();
                }
            }
        }
    });
    return prints;
}

template <class Kind>
bool by_key(const Claim<Kind>& a, const Claim<Kind>& b) {
    return a.key < b.key;
}

/// The value that a restorable row had before it was ours.
template <class Kind>
std::optional<typename Kind::Value> value_before(const typename Kind::Key& key, const Observed& observed,
                                                 const Ledger& ledger) {
    if (const Claim<Kind>* claim = ledger.claim<Kind>(key)) return claim->before;
    const std::uint32_t at = observed.get<Kind>().find(key);
    if (at == Seen<Kind>::npos) return std::nullopt;
    return observed.get<Kind>().row(at).value;
}

/// How the row of a claim became ours, as far as it can be seen now.
template <class Kind>
ClaimOrigin origin_of(const typename Kind::Key& key, const Observed& observed, const Claim<Kind>* before) {
    if constexpr (Restorable<Kind>) return ClaimOrigin::unknown;
    const std::uint32_t at = observed.get<Kind>().find(key);
    if (at == Seen<Kind>::npos) return ClaimOrigin::made;
    if (before != nullptr && before->origin != ClaimOrigin::unknown) return before->origin;
    if constexpr (requires { Kind::protocol_tag; }) {
        if (observed.get<Kind>().note(at).protocol == Kind::protocol_tag) return ClaimOrigin::made;
    }
    return ClaimOrigin::adopted;
}

}  // namespace

Ledger claims_on(const Desired& desired, const Observed& observed, const Ledger& ledger) {
    Ledger claims;
    claims.file = ledger.file;
    claims.unknown = ledger.unknown;
    for_each_kind([&]<class Kind>() {
        if (!within<Kind>(desired.part)) {
            claims.get<Kind>() = ledger.get<Kind>();
            return;
        }
        if constexpr (!ChildKind<Kind>) {
            const auto rows = desired.get<Kind>().rows.rows();
            const std::vector<std::uint64_t> prints = fingerprints<Kind>(desired);
            auto& list = claims.get<Kind>();
            list.reserve(rows.size());
            for (std::size_t i = 0; i < rows.size(); ++i) {
                const Claim<Kind>* before = ledger.claim<Kind>(rows[i].key);
                list.push_back({rows[i].key, prints[i]});
                list.back().origin = origin_of<Kind>(rows[i].key, observed, before);
                if (before != nullptr) list.back().more = before->more;
                if constexpr (Restorable<Kind>) list.back().before = value_before<Kind>(rows[i].key, observed, ledger);
            }
            const auto in_order = static_cast<std::ptrdiff_t>(list.size());
            for (const Held<Kind>& held : desired.get<Kind>().held) {
                if (const Claim<Kind>* claim = ledger.claim<Kind>(held.key)) list.push_back(*claim);
            }
            std::inplace_merge(list.begin(), list.begin() + in_order, list.end(), by_key<Kind>);
        }
    });
    return claims;
}

Ledger united(const Ledger& older, const Ledger& newer) {
    Ledger both;
    for_each_kind([&]<class Kind>() {
        const auto& a = newer.get<Kind>();
        const auto& b = older.get<Kind>();
        std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both.get<Kind>()), by_key<Kind>);
    });
    // Drains are united, too. The end of a drain may not have been carried out yet: without the time when it began, the
    // drain would start again.
    std::set_union(newer.drains.begin(), newer.drains.end(), older.drains.begin(), older.drains.end(),
                   std::back_inserter(both.drains),
                   [](const DrainingServer& a, const DrainingServer& b) { return a.key < b.key; });
    std::set_union(newer.unknown.begin(), newer.unknown.end(), older.unknown.begin(), older.unknown.end(),
                   std::back_inserter(both.unknown));
    both.file = newer.file.known ? newer.file : older.file;
    both.file.vips = newer.file.vips.empty() ? older.file.vips : newer.file.vips;
    return both;
}

Ledger before_deeds(const Ledger& ledger, const Ledger& planned) {
    Ledger both = united(ledger, planned);
    for_each_kind([&]<class Kind>() {
        // The fingerprint of a restorable row is needed: it says which value is ours, so that it can be taken back.
        if constexpr (!Restorable<Kind>) {
            for (Claim<Kind>& claim : both.get<Kind>()) {
                const Claim<Kind>* before = ledger.claim<Kind>(claim.key);
                claim.fingerprint = before != nullptr ? before->fingerprint : 0;
            }
        }
    });
    return both;
}

void note_done(Ledger& ledger, const Plan& plan, const Step& step) {
    plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
        if constexpr (Bound<Kind>) {
            const Claim<Kind>* planned = plan.ledger.claim<Kind>(change.key);
            auto& claims = ledger.get<Kind>();
            const auto at = std::find_if(claims.begin(), claims.end(),
                                         [&](const Claim<Kind>& each) { return each.key == change.key; });
            if (planned != nullptr && at != claims.end()) at->fingerprint = planned->fingerprint;
        }
    });
}

FileMemory memory_after(const Plan& plan, const config::Config& config) {
    FileMemory memory = file_memory_of(config);
    // A VIP that is not in the file any more, but stays for its connections, still depends on the election of its
    // instance.
    for (const Row<Address>& row : plan.desired->get<Address>().rows.rows()) {
        const RememberedVip* vip = plan.ledger.file.vip(row.key.address);
        if (vip != nullptr && memory.vip(row.key.address) == nullptr) memory.vips.push_back(*vip);
    }
    memory.finish();
    return memory;
}

}  // namespace lbconverge::plan
