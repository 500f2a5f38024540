#include "format.hpp"
#include "json.hpp"
#include "show.hpp"

#include "lbconverge/plan/ledger.hpp"

namespace lbconverge::cli {

using namespace kinds;

namespace {

Json facts_json(const HostFacts& facts) {
    Json json;
    json["ipvs_loaded"] = facts.ipvs_loaded;
    json["all_arp_ignore"] = facts.all_arp_ignore;
    json["all_arp_announce"] = facts.all_arp_announce;
    json["interfaces"] = Json::array();
    for (const Interface& each : facts.interfaces) {
        json["interfaces"].push_back({{"index", each.index},
                                      {"name", each.name.str()},
                                      {"up", each.up},
                                      {"loopback", each.loopback},
                                      {"speaks_arp", each.speaks_arp},
                                      {"address", to_text(each.address)},
                                      {"ipv4_devconf", each.ipv4_devconf}});
    }
    return json;
}

/// Throws nlohmann's exceptions, as all code here that reads JSON. parse_snapshot() turns them into an Error.
/// (get<std::uint32_t> would take any number, and its result for 1e30 is undefined.)
std::uint32_t number_of(const Json& json) {
    const auto& number = json.get_ref<const Json::number_unsigned_t&>();
    if (number > UINT32_MAX) throw Json::out_of_range::create(406, "number out of range", &json);
    return static_cast<std::uint32_t>(number);
}

HostFacts read_facts(const Json& json) {
    HostFacts facts;
    facts.ipvs_loaded = json.at("ipvs_loaded").get<bool>();
    facts.all_arp_ignore = number_of(json.at("all_arp_ignore"));
    if (json.contains("all_arp_announce")) {  // older versions did not write it
        facts.all_arp_announce = number_of(json.at("all_arp_announce"));
    }
    for (const Json& each : json.at("interfaces")) {
        std::vector<std::uint32_t> devconf;
        for (const Json& value : each.at("ipv4_devconf")) devconf.push_back(number_of(value));
        std::optional<IpAddress> address;  // older versions did not write it
        if (!from_text(each.value("address", "none"), address)) throw Json::out_of_range::create(406, "address", &each);
        facts.interfaces.push_back({.index = number_of(each.at("index")),
                                    .name = InterfaceName(each.at("name").get<std::string>()),
                                    .up = each.at("up").get<bool>(),
                                    .loopback = each.at("loopback").get<bool>(),
                                    .speaks_arp = each.at("speaks_arp").get<bool>(),
                                    .address = address,
                                    .ipv4_devconf = std::move(devconf)});
    }
    return facts;
}

Json row_json(std::string id, Json value) {
    Json row = Json::object();
    set_text(row, "id", std::move(id));
    row["value"] = std::move(value);
    return row;
}

template <class Kind>
Json rows_json(const Seen<Kind>& seen) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < seen.size(); ++i) {
        Json row = row_json(Kind::id(seen.row(i).key), fields_json(seen.row(i).value));
        if constexpr (requires { Kind::Facts::fields(); }) row["facts"] = fields_json(seen.note(i));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string id_in(const Json& row) { return row.at("id").get<std::string>(); }

/// False if a row makes no sense.
template <class Kind>
bool read_rows(const Json& rows, Seen<Kind>& seen) {
    for (const Json& row : rows) {
        const auto key = Kind::parse_id(id_in(row));
        typename Kind::Value value;
        typename Kind::Facts facts;
        if (!key || !read_fields(row.at("value"), value)) return false;
        if constexpr (requires { Kind::Facts::fields(); }) {
            if (!read_fields(row.at("facts"), facts)) return false;
        }
        seen.add(*key, value, facts);
    }
    seen.finish();
    return true;
}

Error damaged(const std::string& path, const std::string& what) {
    return {ErrorKind::invalid_input, path + ": not a snapshot: " + what,
            "make one with lbconverge show --format snapshot"};
}

}  // namespace

std::string snapshot_of(const Observed& observed, const Ledger& ledger, const std::string& node, BootTime taken) {
    Json json;
    json["format_version"] = 1;
    json["node"] = node;
    json["facts"] = facts_json(observed.facts);
    for_each_kind([&]<class Kind>() { json["rows"][std::string(Kind::name)] = rows_json<Kind>(observed.get<Kind>()); });
    json["ledger"] = plan::to_text(ledger);
    json["taken"] = taken.time_since_epoch().count();
    return json_text(json, 1) + "\n";
}

Result<Snapshot> parse_snapshot(const std::string& path, const std::string& text) {
    wire::JsonPlace place;
    const Result<Json> parsed = wire::parse_json(text, place);
    if (!parsed) {
        const bool known = place.line != 0;
        return tl::unexpected(
            damaged(known ? formatted("{}:{}:{}", path, place.line, place.column) : path, parsed.error().what));
    }
    std::string part;  // the part that is being read
    try {
        const Json& json = *parsed;
        if (json.at("format_version") != 1) return tl::unexpected(damaged(path, "its format_version is not 1"));
        auto observed = std::make_shared<Observed>();
        const Json& facts = json.at("facts");
        part = "facts: ";
        observed->facts = read_facts(facts);
        part.clear();
        std::string wrong;
        const Json& rows = json.at("rows");
        for_each_kind([&]<class Kind>() {
            // An older version did not know all kinds. Then nothing is known about the rows of the others.
            part = formatted("rows of {}: ", Kind::name);
            const auto at = rows.find(std::string(Kind::name));
            if (at != rows.end() && !read_rows<Kind>(*at, observed->get<Kind>())) wrong = Kind::name;
        });
        if (!wrong.empty()) return tl::unexpected(damaged(path, "a row of kind " + wrong + " cannot be read"));
        part.clear();
        plan::ReadLedger read = plan::parse_ledger(json.at("ledger").get<std::string>());
        if (read.damaged.count != 0) return tl::unexpected(damaged(path, "ledger: " + read.damaged.text()));
        Snapshot snapshot{std::move(observed), std::move(read.ledger)};
        const auto taken = json.find("taken");
        if (taken != json.end()) snapshot.taken = BootTime(std::chrono::seconds(taken->get<std::uint32_t>()));
        return snapshot;
    } catch (const Json::exception& error) {
        return tl::unexpected(damaged(path, part + wire::json_problem(error)));
    }
}

}  // namespace lbconverge::cli
