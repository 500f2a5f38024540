#include "lookup.hpp"

#include "format.hpp"
#include "json.hpp"
#include "lbconverge/kinds/all.hpp"
#include "load.hpp"
#include "observe.hpp"
#include "options.hpp"
#include "print.hpp"

#include <algorithm>
#include <filesystem>

namespace lbconverge::cli {

using namespace kinds;

namespace {

bool means(std::string_view word, const std::string& id) {
    return id == word || id.ends_with(" " + std::string(word)) || id.starts_with(std::string(word) + " ");
}

std::string name_of(std::uint32_t server, const OrderedPool& pool) {
    if (server == Choice::none) return "none";
    return with_port(pool.servers[server].address, pool.servers[server].port);
}

std::string fallback_name(const ShortName& scheduler) { return scheduler.str() + "-fallback"; }

/// Why the choice of that scheduler cannot be known.
std::string state_of_scheduler(const ShortName& scheduler) {
    const std::string_view name = scheduler.view();
    if (name == "rr" || name == "wrr") return "it takes the servers in turn, and where it stands nobody can read";
    if (name == "twos") return "it draws two servers by chance";
    if (name == "lblc" || name == "lblcr") return "it remembers what it chose for each destination";
    return "it looks at the connections of the moment";
}

bool has(ServiceFlags flags, std::uint32_t flag) { return (flags.bits & flag) != 0; }

/// What the kernel does not say of a server, and what is assumed.
void add_notes(const PoolServer& server, const ShortName& scheduler, std::uint32_t limit,
               std::vector<std::string>& notes) {
    const std::string name = with_port(server.address, server.port);
    if (server.weight == 0 && scheduler == "mh") {
        notes.push_back(name + " has weight 0, and nobody can read which it had before: " +
                        (server.last_weight == 0 ? "it is taken for added with 0, since no file says more"
                                                 : std::to_string(server.last_weight) + " is assumed, as in the file"));
    }
    if (limit != 0) {
        notes.push_back(name + " is taken for " + (server.overloaded ? "full" : "not full") +
                        ": it has an upper threshold of " + std::to_string(limit) + " connections");
    }
}

/// What the answer takes for granted.
std::vector<std::string> notes_of(const Service::Value& value, const OrderedPool& pool, const Observed& observed) {
    std::vector<std::string> notes;
    if (has(value.flags, ServiceFlags::persistent)) {
        notes.push_back("the service is persistent: who was here within " + std::to_string(value.persistence) +
                        " s gets the server of the last time, and so does everybody of the same net");
    }
    const Seen<RealServer>& seen = observed.get<RealServer>();
    for (const PoolServer& each : pool.servers) {
        const std::uint32_t row = seen.find({pool.service, each.address, each.port});
        add_notes(each, pool.scheduler, seen.row(row).value.upper_threshold, notes);
    }
    return notes;
}

std::string by_the_file(const config::Service& file, const ClientPacket& client) {
    const auto table = SlotTable::of(pool_of(file));
    return table ? name_of(table->choose(client).server, table->pool()) : "";
}

std::string share_text(std::uint32_t slots, std::uint32_t all) {
    return formatted("{} of {} ({}.{} %)", slots, all, slots * 100ULL / all, slots * 1000ULL / all % 10);
}

/// Why that server gets the client, or why none does.
std::string choice_reason(const LookupAnswer& answer) {
    const OrderedPool& pool = answer.table->pool();
    const Choice& choice = answer.choice;
    if (choice.owner == Choice::none) return "no server of the service has a slot";
    if (choice.owner == choice.server) return "its slot is that server's";
    const PoolServer& owner = pool.servers[choice.owner];
    const std::string why = "its slot is that of " + name_of(choice.owner, pool) +
                            (owner.weight == 0 ? ", which has weight 0" : ", which is full");
    if (choice.server != Choice::none) return why + "; " + fallback_name(answer.scheduler) + " leads on";
    if (answer.scheduler == "dh") return why + "; dh has no fallback";
    return why + (has(pool.flags, ServiceFlags::scheduler_1)
                      ? ", and so it is with all others"
                      : ", and " + fallback_name(answer.scheduler) + " is not set");
}

/// The configuration, if there is one. A file that the user has named must exist, the default one need not.
Result<std::optional<config::Config>> configuration(const Options& options) {
    std::error_code error;
    if (!options.config_given && !std::filesystem::exists(options.config, error)) return std::nullopt;
    Result<config::Config> config = load_node(options.config, options.node);
    RETURN_IF_ERROR(config);
    return std::move(*config);
}

}  // namespace

Result<LookupQuestion> question_of(std::string_view service, std::string_view client, const Observed& observed) {
    LookupQuestion question;
    const auto with_a_port = parse_with_port(client);
    const auto address = with_a_port ? with_a_port->address : IpAddress::parse(client);
    if (!address) {
        return fail(ErrorKind::usage, "\"" + std::string(client) + "\" is no address, and no address with a port",
                    "write 192.0.2.7, 192.0.2.7:4711 or [2001:db8::7]:4711");
    }
    std::vector<Service::Key> found;
    for (const Row<Service>& row : observed.get<Service>().rows()) {
        if (means(service, Service::id(row.key))) found.push_back(row.key);
    }
    if (found.size() > 1) {
        return fail(ErrorKind::usage, "\"" + std::string(service) + "\" can mean several services",
                    "write it in full: \"" + Service::id(found[0]) + "\" or \"" + Service::id(found[1]) + "\"");
    }
    if (found.empty()) {
        return fail(ErrorKind::failed, "the kernel has no service \"" + std::string(service) + "\"",
                    "lbconverge show prints all that it has");
    }
    question.service = found.front();
    if (address->family != question.service.vip.family) {
        return fail(ErrorKind::usage, "\"" + std::string(client) + "\" is of another family than the service");
    }
    question.client = {*address, with_a_port ? with_a_port->port : std::uint16_t{0}, question.service.vip};
    question.port_given = with_a_port.has_value();
    return question;
}

Result<LookupAnswer> answer_to(const LookupQuestion& question, const Observed& observed, const config::Config* config) {
    const std::uint32_t row = observed.get<Service>().find(question.service);
    const Service::Value& value = observed.get<Service>().row(row).value;
    const config::Service* file = FileServices(config).find(question.service);
    LookupAnswer answer{.service = question.service, .scheduler = value.scheduler};
    answer.client = question.port_given ? with_port(question.client.address, question.client.port)
                                        : std::string(to_text(question.client.address));
    const std::optional<OrderedPool> pool = pool_of(question.service, observed, file);
    answer.table = SlotTable::of(*pool);
    if (!answer.table) {
        answer.unknown =
            value.scheduler == "mh" ? "it has more servers than slots" : state_of_scheduler(value.scheduler);
        return answer;
    }
    if (value.scheduler == "dh" && question.service.fwmark != 0) {
        answer.table.reset();
        answer.unknown = "dh looks at the destination, and the packets of a mark may go anywhere";
        return answer;
    }
    if (!question.port_given && value.scheduler != "dh" && has(value.flags, ServiceFlags::scheduler_2)) {
        return fail(ErrorKind::usage, "with " + value.scheduler.str() + "-port the client's port counts",
                    "write " + with_port(question.client.address, 4711));
    }
    answer.choice = answer.table->choose(question.client);
    if (file != nullptr) answer.by_the_file = by_the_file(*file, question.client);
    answer.notes = notes_of(value, *pool, observed);
    return answer;
}

std::string answer_text(const LookupAnswer& answer) {
    const std::string service = Service::id(answer.service);
    if (!answer.table) {
        return formatted("{} ({}): which server {} gets cannot be known: {}\n", service, answer.scheduler.view(),
                         answer.client, answer.unknown);
    }
    const SlotTable& table = *answer.table;
    const std::string server = name_of(answer.choice.server, table.pool());
    std::string text = answer.choice.server == Choice::none
                           ? formatted("{} refuses {}\n", service, answer.client)
                           : formatted("{} sends {} to {}\n", service, answer.client, server);
    text += formatted("  because  {}\n", choice_reason(answer));
    text += formatted("  slot     {} of {}, {}\n", answer.choice.slot, table.size(), answer.scheduler.view());
    if (answer.choice.owner != Choice::none) {
        text +=
            formatted("  share    {} slots are {}'s\n", share_text(table.slots_of(answer.choice.owner), table.size()),
                      name_of(answer.choice.owner, table.pool()));
    }
    text += formatted("  table    {:016x}\n", table.fingerprint());
    if (!answer.by_the_file.empty()) {
        text +=
            formatted("  file     {}: the choice of a director that has just loaded the file\n", answer.by_the_file);
    }
    for (const std::string& note : answer.notes) text += formatted("  but      {}\n", note);
    return text;
}

std::string answer_json(const LookupAnswer& answer) {
    Json json = {{"format_version", 1},
                 {"service", Service::id(answer.service)},
                 {"scheduler", answer.scheduler.str()},
                 {"client", answer.client},
                 {"known", answer.table.has_value()}};
    if (!answer.table) {
        json["why"] = answer.unknown;
        return json_text(json) + "\n";
    }
    const SlotTable& table = *answer.table;
    const auto name = [&](std::uint32_t server) {
        return server == Choice::none ? Json(nullptr) : Json(name_of(server, table.pool()));
    };
    json["why"] = choice_reason(answer);
    json["server"] = name(answer.choice.server);
    json["slot"] = answer.choice.slot;
    json["slots"] = table.size();
    json["slot_of"] = name(answer.choice.owner);
    json["table"] = formatted("{:016x}", table.fingerprint());
    if (!answer.by_the_file.empty()) {
        json["file"] = answer.by_the_file == "none" ? Json(nullptr) : Json(answer.by_the_file);
    }
    json["notes"] = answer.notes;
    return json_text(json) + "\n";
}

int lookup_command(const Options& options) {
    const Result<std::optional<config::Config>> config = configuration(options);
    if (!config) return report(config.error());
    const auto observed = observe_all();
    if (!observed) return report(observed.error());
    const auto question = question_of(options.arguments[0], options.arguments[1], **observed);
    if (!question) return report(question.error());
    const auto answer = answer_to(*question, **observed, *config ? &**config : nullptr);
    if (!answer) return report(answer.error());
    print(options.json ? answer_json(*answer) : answer_text(*answer));
    return exit_good;
}

}  // namespace lbconverge::cli
