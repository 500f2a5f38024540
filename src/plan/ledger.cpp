#include "lbconverge/plan/ledger.hpp"

#include "lbconverge/plan/plan.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace lbconverge::plan {

using namespace kinds;

namespace {

/// Fingerprints of a kind's desired rows; of a parent kind with those of its children.
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
        if constexpr (Child<Other>) {
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

/// One per key: the first one.
template <class Entry>
void sort_by_key(std::vector<Entry>& entries) {
    const auto earlier = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    std::stable_sort(entries.begin(), entries.end(), earlier);
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
}

std::string_view next_field(std::string_view& line) {
    const std::size_t tab = line.find('\t');
    const std::string_view field = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
    return field;
}

template <class Kind>
bool parse_claim(std::string_view line, Ledger& ledger) {
    const auto key = Kind::parse_id(next_field(line));
    if (!key) return false;
    Claim<Kind> claim{.key = *key};
    const bool has_value = line.find('\t') != std::string_view::npos;  // which may be empty
    const std::string_view print = next_field(line);
    const auto [end, error] = std::from_chars(print.data(), print.data() + print.size(), claim.fingerprint, 16);
    if (error != std::errc{} || end != print.data() + print.size()) return false;
    if (has_value && !Restorable<Kind>) return false;
    if (has_value) {
        bool good = true;
        for_each_field(claim.before.emplace(),
                       [&](const auto&, auto& value) { good = good && from_text(next_field(line), value); });
        if (!good) return false;
    }
    ledger.get<Kind>().push_back(std::move(claim));
    return true;
}

bool parse_drain(std::string_view line, Ledger& ledger) {
    const auto key = RealServer::parse_id(next_field(line));
    std::uint64_t since = 0;
    constexpr std::uint64_t latest = 253402300799;  // the end of the year 9999: sums with it do not overflow
    if (!key || !from_text(next_field(line), since) || since > latest) return false;
    ledger.drains.push_back({*key, std::chrono::sys_seconds(std::chrono::seconds(since))});
    return true;
}

}  // namespace

Ledger claims_on(const Desired& desired, const Observed& observed, const Ledger& ledger) {
    Ledger claims;
    for_each_kind([&]<class Kind>() {
        if (!within<Kind>(desired.part)) {
            claims.get<Kind>() = ledger.get<Kind>();
            return;
        }
        if constexpr (!Child<Kind>) {
            const auto rows = desired.get<Kind>().rows.rows();
            const std::vector<std::uint64_t> prints = fingerprints<Kind>(desired);
            auto& list = claims.get<Kind>();
            list.reserve(rows.size());
            for (std::size_t i = 0; i < rows.size(); ++i) {
                list.push_back({rows[i].key, prints[i]});
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
    // A drain that the newer one is done with was perhaps not carried out: without its beginning it would start again.
    std::set_union(newer.drains.begin(), newer.drains.end(), older.drains.begin(), older.drains.end(),
                   std::back_inserter(both.drains),
                   [](const DrainingServer& a, const DrainingServer& b) { return a.key < b.key; });
    return both;
}

Ledger before_deeds(const Ledger& ledger, const Ledger& planned) {
    Ledger both = united(ledger, planned);
    for_each_kind([&]<class Kind>() {
        // Of a restorable row the fingerprint says which value is ours to take back.
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

std::string to_text(const Ledger& ledger, Part part) {
    std::string text;
    char number[24];
    for_each_kind([&]<class Kind>() {
        if (!within<Kind>(part)) return;
        for (const Claim<Kind>& claim : ledger.get<Kind>()) {
            const auto end = std::to_chars(number, number + sizeof number, claim.fingerprint, 16).ptr;
            text.append(Kind::name).append("\t").append(Kind::id(claim.key)).append("\t").append(number, end);
            if (claim.before) {
                for_each_field(*claim.before,
                               [&](const auto&, const auto& value) { text.append("\t").append(to_text(value)); });
            }
            text.append("\n");
        }
    });
    if (!within<RealServer>(part)) return text;
    for (const DrainingServer& drain : ledger.drains) {
        text.append("drain\t").append(RealServer::id(drain.key)).append("\t");
        text.append(std::to_string(drain.since.time_since_epoch().count())).append("\n");
    }
    return text;
}

Result<Ledger> parse_ledger(std::string_view text) {
    Ledger ledger;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::string_view kind = next_field(line);
        bool good = kind == "drain" && parse_drain(line, ledger);
        for_each_kind([&]<class Kind>() {
            if constexpr (!Child<Kind>) {
                if (kind == Kind::name) good = parse_claim<Kind>(line, ledger);
            }
        });
        if (!good) return fail(ErrorKind::invalid_input, "line " + std::to_string(number) + " cannot be read");
    }
    for_each_kind([&]<class Kind>() { sort_by_key(ledger.get<Kind>()); });
    sort_by_key(ledger.drains);
    return ledger;
}

}  // namespace lbconverge::plan
