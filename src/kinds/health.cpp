#include "lbconverge/kinds/health.hpp"

#include <algorithm>

namespace lbconverge::kinds {

namespace {

using std::chrono::seconds;

template <class List, class Key>
auto* find_in(const List& list, const Key& key) {
    const auto at =
        std::lower_bound(list.begin(), list.end(), key, [](const auto& e, const Key& k) { return e.key < k; });
    return at != list.end() && at->key == key ? &*at : nullptr;
}

std::string_view next_field(std::string_view& line) {
    const std::size_t tab = line.find('\t');
    const std::string_view field = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
    return field;
}

std::string when(seconds age, BootTime now) {
    return std::to_string(std::max((now - age).time_since_epoch(), seconds(0)).count());
}

/// False: no number.
bool read_age(std::string_view text, BootTime now, seconds& age) {
    constexpr std::uint64_t latest = 253402300799;  // the end of the year 9999: sums with it do not overflow
    std::uint64_t since = 0;
    if (!from_text(text, since) || since > latest) return false;
    age = std::max(now - BootTime(seconds(since)), seconds(0));
    return true;
}

/// The reason comes from outside: no character of it may break the line that it stands in.
std::string one_line(std::string text) {
    for (char& each : text) {
        if (static_cast<unsigned char>(each) < ' ') each = ' ';
    }
    return text;
}

bool read_opinion(std::string_view word, std::string_view line, BootTime now, Health& health) {
    const Liveness is = word == "weight" ? Liveness::up : Liveness::down;
    const auto key = RealServer::parse_id(next_field(line));
    ServerOpinion opinion{.is = is};
    if (!key || !read_age(next_field(line), now, opinion.age)) return false;
    opinion.key = *key;
    opinion.was_up = word != "never";
    opinion.kept = word == "kept";
    opinion.gone = word != "leaving";
    if (is == Liveness::up && !from_text(next_field(line), opinion.weight.emplace())) return false;
    opinion.why = std::string(line);
    health.servers.push_back(std::move(opinion));
    return true;
}

bool read_shortage(std::string_view line, BootTime now, Health& health) {
    const auto key = Service::parse_id(next_field(line));
    Shortage shortage;
    if (!key || !read_age(next_field(line), now, shortage.age)) return false;
    shortage.key = *key;
    health.shortages.push_back(shortage);
    return true;
}

bool read_drain(std::string_view line, BootTime now, Health& health) {
    const auto address = IpAddress::parse(next_field(line));
    Drained drain;
    if (!address || !from_text(next_field(line), drain.port)) return false;
    drain.address = *address;
    const std::string_view service = next_field(line);
    if (service != "-") drain.service = Service::parse_id(service);
    if ((service != "-" && !drain.service) || !read_age(next_field(line), now, drain.age)) return false;
    health.drains.push_back(drain);
    return true;
}

bool read_line(std::string_view line, BootTime now, Health& health) {
    const std::string_view word = next_field(line);
    for (const std::string_view each : {"down", "kept", "leaving", "never", "weight"}) {
        if (word == each) return read_opinion(word, line, now, health);
    }
    if (word == "short") return read_shortage(line, now, health);
    return word == "drain" && read_drain(line, now, health);
}

}  // namespace

bool Drained::covers(const RealServer::Key& key) const {
    return address == key.address && (port == 0 || port == key.port) && (!service || *service == key.service);
}

bool Drained::same_as(const Drained& other) const {
    return address == other.address && port == other.port && service == other.service;
}

const ServerOpinion* Health::of(const RealServer::Key& key) const { return find_in(servers, key); }

bool Health::is_incomplete(const Service::Key& key) const {
    return std::binary_search(incomplete.begin(), incomplete.end(), key);
}

const Shortage* Health::of(const Service::Key& key) const { return find_in(shortages, key); }

const Drained* Health::drain_of(const RealServer::Key& key) const {
    const auto at = std::find_if(drains.begin(), drains.end(), [&](const Drained& each) { return each.covers(key); });
    return at == drains.end() ? nullptr : &*at;
}

std::string age_text(seconds age) {
    const auto count = age.count();
    if (count < 120) return std::to_string(count) + " s";
    if (count < 7200) return std::to_string(count / 60) + " min";
    if (count < 172800) return std::to_string(count / 3600) + " h";
    return std::to_string(count / 86400) + " d";
}

std::string to_text(const Health& health, BootTime now) {
    std::string text;
    const auto add = [&](std::initializer_list<std::string_view> fields) {
        bool first = true;
        for (const std::string_view each : fields) text.append(std::exchange(first, false) ? "" : "\t").append(each);
        text += '\n';
    };
    for (const ServerOpinion& each : health.servers) {
        const std::string id = RealServer::id(each.key);
        const std::string since = when(each.age, now);
        const std::string_view word = each.kept ? "kept" : !each.was_up ? "never" : each.gone ? "down" : "leaving";
        if (each.is == Liveness::down) add({word, id, since, one_line(each.why)});
        if (each.is == Liveness::up && each.weight) {
            add({"weight", id, since, std::to_string(*each.weight), one_line(each.why)});
        }
    }
    for (const Shortage& each : health.shortages) {
        if (each.known) add({"short", Service::id(each.key), when(each.age, now)});
    }
    for (const Drained& each : health.drains) {
        add({"drain", to_text(each.address), std::to_string(each.port), each.service ? Service::id(*each.service) : "-",
             when(each.age, now)});
    }
    return text;
}

ReadHealth parse_health(std::string_view text, BootTime now) {
    ReadHealth read;
    Health& health = read.health;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!read_line(line, now, health)) read.damaged.add(number);
    }
    const auto by_key = [](auto& list) {
        const auto earlier = [](const auto& a, const auto& b) { return a.key < b.key; };
        const auto same = [](const auto& a, const auto& b) { return a.key == b.key; };
        std::stable_sort(list.begin(), list.end(), earlier);
        list.erase(std::unique(list.begin(), list.end(), same), list.end());
    };
    by_key(health.servers);
    by_key(health.shortages);
    return read;
}

}  // namespace lbconverge::kinds
