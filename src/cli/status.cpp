#include "status.hpp"

#include "daemon_client.hpp"
#include "format.hpp"
#include "lbconverge/kernel/kernel.hpp"
#include "lbconverge/kinds/choice.hpp"
#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/wire/json.hpp"
#include "load.hpp"
#include "options.hpp"
#include "print.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <ctime>
#include <map>
#include <thread>

namespace lbconverge::cli {

using namespace kinds;
using wire::Json;

namespace {

constexpr std::chrono::seconds watch_interval{1};

/// "14:03:07", with the day in front if it is a day ago or more.
std::string clock_text(double seconds, std::chrono::system_clock::time_point now) {
    const auto at = static_cast<std::time_t>(seconds);
    std::tm then{};
    ::localtime_r(&at, &then);
    char text[32];
    const bool today = std::chrono::system_clock::to_time_t(now) - at < 86400;
    std::strftime(text, sizeof text, today ? "%H:%M:%S" : "%F %H:%M:%S", &then);
    return text;
}

std::string ago_text(double seconds, std::chrono::system_clock::time_point now) {
    const double age = std::chrono::duration<double>(now.time_since_epoch()).count() - seconds;
    if (age < 120) return formatted("{:.1f} s ago", std::max(age, 0.0));
    if (age < 7200) return formatted("{:.0f} min ago", age / 60);
    return formatted("{:.0f} h ago", age / 3600);
}

std::string joined(const Json& list) {
    std::string text;
    for (const Json& each : list) text += (text.empty() ? "" : " ") + each.get<std::string>();
    return text;
}

/// "101", or "101 (base 100)" if tracks or other reasons have changed it from the priority in the file.
std::string priority_text(const Json& instance) {
    const int is = instance.at("priority");
    const int base = instance.at("base_priority");
    return is == base ? formatted("{}", is) : formatted("{} (base {})", is, base);
}

void add_instance(const Json& instance, std::chrono::system_clock::time_point now, std::string& text) {
    const std::string state = instance.at("state");
    text += formatted("  {:<12} {:<8} since {}  {}\n", instance.at("name").get<std::string>(),
                      instance.at("undecided") == true ? "decides" : state, clock_text(instance.at("since"), now),
                      instance.at("why").get<std::string>());
    text += formatted("    {} vrid {} version {} priority {} every {} s; VIPs {}\n",
                      instance.at("interface").get<std::string>(), instance.at("vrid").get<int>(),
                      instance.at("version").get<int>(), priority_text(instance),
                      instance.at("advert_interval").get<double>(), joined(instance.at("vips")));
    for (const Json& each : instance.at("not_served")) {
        text += formatted("    cannot serve {}: {}\n", each.at("vip").get<std::string>(),
                          each.at("why").get<std::string>());
    }
    const Json signs = instance.value("authentication", Json(nullptr));
    if (!signs.is_null()) {
        text += formatted("    signed advertisements: {}, key {}\n", signs.at("mode").get<std::string>(),
                          signs.at("active_key").get<int>());
    }
    const Json& heard = instance.at("heard");
    if (!heard.is_null()) {
        const Json key = heard.value("key", Json(nullptr));
        const std::string proof = signs.is_null() ? ""
                                  : key.is_null() ? ", NOT SIGNED"
                                                  : formatted(", key {}", key.get<int>());
        text += formatted("    heard {} priority {} {}{}{}\n", heard.at("address").get<std::string>(),
                          heard.at("priority").get<int>(), ago_text(heard.at("at"), now), proof,
                          heard.at("same_vips") == true ? "" : "; WITH OTHER VIPs");
    }
    const Json& counters = instance.at("counters");
    text += formatted("    sent {} received {}", counters.at("sent").get<std::uint64_t>(),
                      counters.at("received").get<std::uint64_t>());
    for (const auto& [why, count] : counters.at("dropped").items()) {
        text += formatted(" dropped ({}) {}", why, count.get<std::uint64_t>());
    }
    text += "\n";
}

void add_track(const Json& track, std::chrono::system_clock::time_point now, std::string& text) {
    const Json& since = track.at("since");
    text += formatted("  track {:<12} {:<7} {}  {}\n", track.at("name").get<std::string>(),
                      track.at("state").get<std::string>(), since.is_null() ? "" : "since " + clock_text(since, now),
                      track.at("why").get<std::string>());
}

void add_hook(const Json& hook, std::chrono::system_clock::time_point now, std::string& text) {
    text += formatted("  hook {} of {}: ", hook.at("command").get<std::string>(), hook.at("vrrp").get<std::string>());
    const Json& last = hook.at("last");
    if (!hook.at("running").is_null()) {
        text += formatted("runs on {}, attempt {}\n", hook.at("running").get<std::string>(),
                          hook.at("attempt").get<std::uint32_t>());
    } else if (last.is_null()) {
        text += "has not run\n";
    } else {
        const std::string what = last.at("overtaken") == true ? "overtaken"
                                 : last.at("good") == true    ? "done"
                                                              : "FAILED";
        text +=
            formatted("{} on {} at {}{}\n", what, last.at("state").get<std::string>(), clock_text(last.at("at"), now),
                      last.at("good") == true ? "" : ", " + last.at("said").get<std::string>());
    }
    if (!hook.at("retry_at").is_null()) {
        text += formatted("    next attempt at {}\n", clock_text(hook.at("retry_at"), now));
    }
}

void add_lane(const std::string& name, const Json& lane, std::chrono::system_clock::time_point now, std::string& text) {
    if (!lane.contains("last")) {
        text += formatted("  {:<12} not looked at yet\n", name);
        return;
    }
    const Json& last = lane.at("last");
    text += formatted("  {:<12} {}, looked at {}; {} changes in {} runs", name,
                      lane.at("converged") == true ? "in sync" : "NOT IN SYNC", ago_text(last.at("at"), now),
                      lane.at("changes").get<std::uint64_t>(), lane.at("runs").get<std::uint64_t>());
    for (const char* what : {"blocked", "held", "foreign", "draining"}) {
        if (last.at(what) != 0) text += formatted(", {} {}", last.at(what).get<std::uint64_t>(), what);
    }
    text += "\n";
    if (last.contains("obstacle")) text += "    blocked: " + last.at("obstacle").get<std::string>() + "\n";
    if (last.contains("error")) text += "    " + last.at("error").get<std::string>() + "\n";
}

/// "checks  9 up, 1 down", and a line for each check that is not up.
void add_checks(const Json& status, std::chrono::system_clock::time_point now, std::string& text) {
    std::size_t up = 0;
    std::string others;
    for (const Json& each : status.value("checks", Json::array())) {
        const std::string state = each.at("state");
        if (state == "up") {
            ++up;
            continue;
        }
        others +=
            formatted("    {} {} {}", each.at("server").get<std::string>(), each.at("type").get<std::string>(), state);
        if (!each.at("since").is_null()) others += " since " + clock_text(each.at("since"), now);
        others += formatted("  {}\n", each.at("why").get<std::string>());
    }
    const std::size_t all = status.value("checks", Json::array()).size();
    if (all != 0) text += formatted("  {:<12} {} of {} up\n", "checks", up, all) + others;
    for (const Json& each : status.value("drains", Json::array())) {
        text += formatted("  {:<12} {} since {}\n", "drained", each.at("server").get<std::string>(),
                          clock_text(each.at("since"), now));
    }
}

/// The fingerprint of its table of slots; null: the scheduler has none. Two directors with the same one choose alike.
Json table_json(const Row<Service>& service, const Observed& kernel, const FileServices& file) {
    if (!has_slot_table(service.value.scheduler)) return nullptr;
    const auto pool = pool_of(service.key, kernel, file.find(service.key));
    const auto table = pool ? SlotTable::of(*pool) : std::nullopt;
    return table ? Json(formatted("{:016x}", table->fingerprint())) : Json(nullptr);
}

Json services_json(const Observed& kernel, const config::Config* config) {
    Json services = Json::array();
    const FileServices file(config);
    for (const Row<Service>& row : kernel.get<Service>().rows()) {
        services.push_back(
            {{"id", Service::id(row.key)}, {"scheduler", row.value.scheduler.str()}, {"real_servers", Json::array()}});
        services.back()["table"] = table_json(row, kernel, file);
        if (is_probe_mark(row.key.fwmark)) services.back()["check"] = true;
    }
    std::size_t at = 0;
    const auto& servers = kernel.get<RealServer>();
    const auto rows = kernel.get<Service>().rows();
    for (std::uint32_t i = 0; i < servers.size(); ++i) {
        const Row<RealServer>& row = servers.row(i);
        while (at < rows.size() && rows[at].key < row.key.service) ++at;
        if (at == rows.size()) break;
        services[at]["real_servers"].push_back({{"address", with_port(row.key.address, row.key.port)},
                                                {"weight", row.value.weight},
                                                {"active", servers.note(i).active},
                                                {"inactive", servers.note(i).inactive}});
    }
    return services;
}

/// Adds the owner of each weight: the configuration, health or the operator.
Json with_owners(Json services, const Json& status) {
    std::map<std::string, const Json*> exceptions;
    const Json none = Json::array();
    const Json& servers = status.contains("servers") ? status.at("servers") : none;
    for (const Json& each : servers) exceptions.emplace(each.at("id"), &each);
    for (Json& service : services) {
        for (Json& server : service["real_servers"]) {
            const std::string id = service.at("id").get<std::string>() + " " + server.at("address").get<std::string>();
            const auto at = exceptions.find(id);
            server["owner"] = at == exceptions.end() ? Json("configuration") : at->second->at("owner");
            if (at != exceptions.end()) server["why"] = at->second->at("why");
        }
    }
    return services;
}

/// The part of the kernel's state that status shows; nullptr: reading it is not permitted.
std::shared_ptr<const kinds::Observed> tables() {
    const auto kernel = kernel::linux_kernel({.may_load_ipvs = false});
    const auto facts = kernel->facts({});
    if (!facts || !facts->ipvs_loaded) return nullptr;
    auto observed = kernel::complete(kernel->observe({.ipvs = true}, *facts));
    return observed ? *observed : nullptr;
}

}  // namespace

std::string status_text(const std::string& reply, const Observed* kernel, const config::Config* config,
                        std::chrono::system_clock::time_point now) {
    const Json status = wire::parse_json(reply).value();
    const auto node = status.at("node").get<std::string>();
    std::string text = formatted("{}: {}{}\n", node.empty() ? "this node" : node, status.at("role").get<std::string>(),
                                 status.at("stopping") == true ? ", stopping" : "");
    for (const Json& each : status.at("vrrp")) add_instance(each, now, text);
    for (const Json& each : status.at("tracks")) add_track(each, now, text);
    for (const Json& each : status.at("hooks")) add_hook(each, now, text);
    for (const auto& [name, lane] : status.at("kernel").items()) add_lane(name, lane, now, text);
    for (const Json& each : status.at("fights")) {
        text += formatted("  fight        another program changes {}: put back {} times\n",
                          each.at("id").get<std::string>(), each.at("times").get<std::uint32_t>());
    }
    if (const auto all = status.at("fights_count").get<std::size_t>(); all > status.at("fights").size()) {
        text += formatted("  fight        {} rows in all\n", all);
    }
    add_checks(status, now, text);
    if (kernel == nullptr) return text;
    for (const Json& service : with_owners(services_json(*kernel, config), status)) {
        if (service.contains("check")) continue;  // only a check uses it
        text += formatted("  {} {}", service.at("id").get<std::string>(), service.at("scheduler").get<std::string>());
        const Json& table = service.at("table");
        text += table.is_null() ? "\n" : formatted("  table {}\n", table.get<std::string>());
        for (const Json& server : service.at("real_servers")) {
            const std::string why = server.value("why", "");
            text += formatted("    {:<28} weight {:<5} active {:<7} inactive {}{}\n",
                              server.at("address").get<std::string>(), server.at("weight").get<std::uint32_t>(),
                              server.at("active").get<std::uint32_t>(), server.at("inactive").get<std::uint32_t>(),
                              why.empty() ? "" : "  " + why);
        }
    }
    return text;
}

std::string status_with_services(const std::string& reply, const Observed* kernel, const config::Config* config) {
    Json status = wire::parse_json(reply).value();
    if (kernel != nullptr) status["services"] = with_owners(services_json(*kernel, config), status);
    return wire::json_text(status) + "\n";
}

Election election_in(const std::string& reply) {
    Election election;
    const Result<Json> status = wire::parse_json(reply);
    if (!status || !status->is_object()) return election;
    for (const Json& instance : status->value("vrrp", Json::array())) {
        const std::string state = instance.value("state", "");
        election[instance.value("name", "")] = state == "master"                    ? ElectionState::master
                                               : instance.value("undecided", false) ? ElectionState::undecided
                                               : state == "leaving"                 ? ElectionState::undecided
                                                                                    : ElectionState::backup;
    }
    return election;
}

std::vector<InstanceSeen> instances_in(const std::string& reply) {
    std::vector<InstanceSeen> all;
    const Result<Json> status = wire::parse_json(reply);
    if (!status || !status->is_object()) return all;
    for (const Json& instance : status->value("vrrp", Json::array())) {
        const Json counters = instance.value("counters", Json::object());
        InstanceSeen seen{.name = instance.value("name", ""), .state = instance.value("state", "")};
        seen.undecided = instance.value("undecided", false);
        seen.received = counters.value("received", std::uint64_t{0});
        for (const Json& why : counters.value("dropped", Json::object())) seen.dropped += why.get<std::uint64_t>();
        const double down = instance.value("down_interval", 0.0);
        seen.down_interval = std::chrono::milliseconds(static_cast<std::int64_t>(down * 1000));
        all.push_back(std::move(seen));
    }
    return all;
}

int status_command(const Options& options) {
    std::string wrong;  // the file says only which weights servers had before they were taken out of use
    const Result<config::Config> loaded = load_node(options.config, options.node, wrong);
    const config::Config* config = loaded ? &*loaded : nullptr;
    for (;;) {
        const auto reply = status_of_daemon();
        if (!reply) return report(reply.error());
        if (!*reply) {
            return report({ErrorKind::failed, "no daemon is at work here",
                           "lbconverge run starts it; lbconverge diff says what the kernel looks like without one"});
        }
        const auto kernel = tables();
        if (options.watch) print("\x1b[H\x1b[2J");
        const std::string text = options.json
                                     ? status_with_services(**reply, kernel.get(), config)
                                     : status_text(**reply, kernel.get(), config, std::chrono::system_clock::now());
        print(text);
        std::fflush(stdout);
        if (!options.watch) return exit_good;
        std::this_thread::sleep_for(watch_interval);
    }
}

}  // namespace lbconverge::cli
