// What two nodes have differently, besides what makes two virtual routers of one (cluster.cpp): services, tracks, hooks
// and routes, and the manners of an instance.
#include "cluster.hpp"
#include "interpreter.hpp"

#include <algorithm>
#include <map>

namespace lbconverge::importer {

namespace {

/// A list of the file, and the keys by which its tables are known.
struct Listed {
    TomlTables Draft::*member;
    std::string_view word;
    std::vector<std::string_view> identity;
    std::vector<std::string_view> apart;  ///< keys that may differ, or are compared elsewhere
};

std::string name_of(const TomlTable& table, const Listed& list) {
    std::string name;
    for (const std::string_view key : list.identity) {
        std::string value(table.get(key));
        std::erase(value, '"');
        if (!value.empty()) name.append(name.empty() ? "" : " ").append(value);
    }
    return name;
}

/// The keys that two tables have differently.
std::string keys_apart(const TomlTable& a, const TomlTable& b, const Listed& list) {
    std::string text;
    const auto add = [&](const TomlTable& from, const TomlTable& other, bool missing) {
        for (const auto& [key, value] : from.keys) {
            const bool counts = std::find(list.apart.begin(), list.apart.end(), key) == list.apart.end();
            const bool differs = missing ? other.get(key).empty() : other.get(key) != value;
            if (counts && differs) text.append(text.empty() ? "" : ", ").append(key);
        }
    };
    add(a, b, false);
    add(b, a, true);
    return text;
}

/// The differences of one list, the first few in words.
class Differences {
public:
    void add(Place at, const std::string& text) {
        constexpr std::size_t most = 4;
        if (count_++ == 0) place_ = at;
        if (count_ <= most) text_.append(text_.empty() ? "" : "; ").append(text);
        if (count_ > most) more_ = " and " + std::to_string(count_ - most) + " more";
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] Place place() const { return place_; }
    [[nodiscard]] std::string text() const { return text_ + more_; }

private:
    std::size_t count_ = 0;
    Place place_;
    std::string text_;
    std::string more_;
};

Differences differences(const Draft& a, const Draft& b, const Listed& list) {
    Differences found;
    std::map<std::string, const TomlTable*> of_a;
    for (const TomlTable& each : a.*list.member) of_a.emplace(name_of(each, list), &each);
    for (const TomlTable& each : b.*list.member) {
        const std::string name = name_of(each, list);
        const auto twin = of_a.find(name);
        if (twin == of_a.end()) {
            found.add(each.place, name + " is on " + b.name + " only");
            continue;
        }
        const std::string keys = keys_apart(*twin->second, each, list);
        if (!keys.empty()) found.add(each.place, name + " differs (" + keys + ")");
        of_a.erase(twin);
    }
    for (const auto& [name, table] : of_a) found.add(table->place, name + " is on " + a.name + " only");
    return found;
}

}  // namespace

void say_differences(const std::vector<Draft>& drafts, Remarks& remarks) {
    const Listed lists[] = {
        {&Draft::service, "virtual_server", {"vip", "port", "protocol", "fwmark", "family"}, {}},
        {&Draft::track, "track", {"name"}, {}},
        {&Draft::hook, "notify", {"vrrp", "on", "command"}, {}},
        {&Draft::route, "route", {"to", "table", "vrrp"}, {}},
        {&Draft::group, "vrrp_sync_group", {"name"}, {}},
        {&Draft::vrrp,
         "vrrp_instance",
         {"name"},
         {"interface", "vrid", "priority", "version", "advert_interval", "auth_pass", "source", "peers"}}};
    for (std::size_t n = 1; n < drafts.size(); ++n) {
        for (const Listed& each : lists) {
            const Differences found = differences(drafts[0], drafts[n], each);
            if (found.empty()) continue;
            remarks.broken(found.place(), std::string(each.word),
                           "not the same on " + drafts[0].name + " and " + drafts[n].name + ": " + found.text(),
                           "the same on every node, unless it is meant");
        }
    }
}

}  // namespace lbconverge::importer
