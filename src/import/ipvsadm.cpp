#include "ipvsadm.hpp"

#include "ipvsadm_options.hpp"
#include "known.hpp"
#include "lbconverge/config/suggestion.hpp"
#include "lbconverge/wire/json.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace lbconverge::importer {

namespace ipvsadm {

namespace {

constexpr std::uint32_t default_persistence = 300;  // seconds, as ipvsadm(8) says

bool is_program(std::string_view word) {
    return word == "sudo" || word == "ipvsadm" || word.ends_with("/ipvsadm") || word == "$IPVSADM";
}

/// An address, with a port or without: "192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.1".
struct NumericEndpoint {
    IpAddress address;
    std::optional<std::uint32_t> port;
};

std::optional<NumericEndpoint> endpoint_of(std::string_view text) {
    NumericEndpoint result;
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else if (std::ranges::count(text, ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':'));
    }
    if (!from_text(host, result.address)) return std::nullopt;
    if (port.empty()) return result;
    result.port = number_of(port.substr(1));
    if (!result.port || *result.port > 65535 || !port.starts_with(':')) return std::nullopt;
    return result;
}

/// A server, and when it was added.
struct AddedServer {
    std::size_t order = 0;
    ServerBlock server;
};

/// A service with its servers, and when it was added.
struct AddedService {
    std::size_t order = 0;
    ServiceBlock service;
    std::map<std::pair<IpAddress, std::uint32_t>, AddedServer> servers;
};

/// What the kernel tells services apart by.
using ServiceKey =
    std::tuple<std::string, std::optional<IpAddress>, std::uint32_t, std::uint32_t, std::optional<Family>>;

ServiceKey key_of(const ServiceBlock& service) {
    const ServiceTarget& target = service.targets.front();
    return {service.protocol, target.first, target.port, target.fwmark, target.family};
}

/// Builds the table, one command after the other.
class Commands {
public:
    Commands(NodeModel& model, Remarks& remarks) : model_(model), remarks_(remarks) {}

    void run(const std::vector<std::string>& words, Place at);
    /// Puts the table into the model, in the order of the commands.
    void finish();

private:
    void carry_out(const std::vector<GivenOption>& given);
    [[nodiscard]] std::optional<ServiceBlock> named_service(const std::vector<GivenOption>& given);
    void service(const std::vector<GivenOption>& given, Option command);
    void service_option(ServiceBlock& service, const GivenOption& option);
    void server(const std::vector<GivenOption>& given, Option command);
    std::optional<ServerBlock> named_server(const std::vector<GivenOption>& given, const ServiceBlock& service);
    void server_option(ServerBlock& server, const GivenOption& option);
    void timeouts(const std::vector<GivenOption>& given);
    void sync_daemon(const std::vector<GivenOption>& given);
    void number(const GivenOption& option, std::uint32_t least, std::uint32_t most, std::uint32_t& value);
    void scheduler(const GivenOption& option, ServiceBlock& service);
    void tunnel_type(const GivenOption& option, Forwarding& forwarding);

    NodeModel& model_;
    Remarks& remarks_;
    Place at_;
    std::map<ServiceKey, AddedService> services_;
    std::size_t order_ = 0;
};

bool has(const std::vector<GivenOption>& given, Option option) {
    return std::ranges::find(given, option, &GivenOption::option) != given.end();
}

void Commands::run(const std::vector<std::string>& words, Place at) {
    at_ = at;
    auto begin = words.begin();
    while (begin != words.end() && is_program(*begin)) ++begin;
    if (begin == words.end()) return;
    if (begin == words.begin() && !begin->starts_with('-')) {
        remarks_.lost(at_, *begin, "is no command of ipvsadm", "give it the output of ipvsadm -Sn");
        return;
    }
    const auto given = options_of({begin, words.end()}, at_, remarks_);
    if (given) carry_out(*given);
}

void Commands::carry_out(const std::vector<GivenOption>& given) {
    if (given.empty()) return;
    switch (given.front().option) {
        case Option::add_service:
        case Option::edit_service:
        case Option::delete_service:
            return service(given, given.front().option);
        case Option::add_server:
        case Option::edit_server:
        case Option::delete_server:
            return server(given, given.front().option);
        case Option::clear:
            return services_.clear();
        case Option::set:
            return timeouts(given);
        case Option::start_daemon:
            return sync_daemon(given);
        case Option::stop_daemon:
            return model_.sync.reset();
        case Option::zero:
        case Option::restore:
        case Option::list:
            return;  // they leave the table as it is
        default:
            remarks_.broken(at_, given.front().word, "is no command of ipvsadm: a command comes first");
    }
}

// ---- services ------------------------------------------------------------------------------------------------------

std::optional<ServiceBlock> Commands::named_service(const std::vector<GivenOption>& given) {
    ServiceBlock named;
    named.place = at_;
    ServiceTarget target;
    target.place = at_;
    for (const GivenOption& each : given) {
        const bool by_address = each.option == Option::tcp || each.option == Option::udp || each.option == Option::sctp;
        if (by_address) {
            const auto endpoint = endpoint_of(each.value);
            if (!endpoint) {
                remarks_.broken(at_, each.word, config::in_quotes(each.value) + " is no address with a port",
                                "names of hosts and ports are not looked up: ipvsadm -Sn writes numbers");
                return std::nullopt;
            }
            target.first = endpoint->address;
            target.family = endpoint->address.family;
            target.port = endpoint->port.value_or(0);
            named.protocol = each.option == Option::tcp ? "tcp" : each.option == Option::udp ? "udp" : "sctp";
        } else if (each.option == Option::fwmark) {
            target.fwmark = number_of(each.value).value_or(0);
            target.family = has(given, Option::ipv6) ? Family::ipv6 : Family::ipv4;
            if (target.fwmark == 0) {
                remarks_.broken(at_, each.word,
                                config::in_quotes(each.value) + " is no firewall mark (1 to 4294967295)");
                return std::nullopt;
            }
        }
    }
    if (!target.first && target.fwmark == 0) {
        remarks_.broken(at_, given.front().word, "names no service: -t, -u, -f or --sctp-service is missing");
        return std::nullopt;
    }
    named.family = target.family;
    named.targets.push_back(target);
    return named;
}

void Commands::service(const std::vector<GivenOption>& given, Option command) {
    auto named = named_service(given);
    if (!named) return;
    const auto known = services_.find(key_of(*named));
    if (command == Option::delete_service) {
        if (known != services_.end()) services_.erase(known);
        return;
    }
    if ((known == services_.end()) != (command == Option::add_service)) {
        remarks_.broken(at_, given.front().word,
                        std::string("the service is ") +
                            (known == services_.end() ? "not there yet" : "there already") +
                            ": ipvsadm refuses the line");
        return;
    }
    named->scheduler = "wlc";  // what is not said becomes the default again
    for (const GivenOption& each : given) service_option(*named, each);
    if (known == services_.end()) {
        const ServiceKey key = key_of(*named);
        services_.emplace(key, AddedService{order_++, std::move(*named), {}});
    } else {
        known->second.service = std::move(*named);
    }
}

void Commands::service_option(ServiceBlock& service, const GivenOption& option) {
    switch (option.option) {
        case Option::scheduler:
            return scheduler(option, service);
        case Option::netmask:
            service.persistence_mask = option.value;
            return;
        case Option::engine:
            if (option.value == "sip")
                service.persistence_engine = option.value;
            else
                remarks_.broken(at_, option.word, "Linux has one persistence engine: the option is left out", "sip");
            return;
        case Option::one_packet:
            service.one_packet = true;
            return;
        case Option::persistent:
            service.persistence = default_persistence;
            if (!option.value.empty()) number(option, 1, 86400 * 31, *service.persistence);
            return;
        case Option::flags:
            service.flags = flags_of(option.value, at_, option.word, remarks_);
            return;
        default:
            return;
    }
}

// ---- real servers --------------------------------------------------------------------------------------------------

/// ipip is what is not said.
void Commands::tunnel_type(const GivenOption& option, Forwarding& forwarding) {
    if (option.value == "gue" || option.value == "gre") {
        forwarding.tunnel_type = option.value;
    } else if (option.value != "ipip") {
        remarks_.broken(at_, option.word,
                        config::in_quotes(option.value) + " is none of ipip, gue and gre: passed over");
    }
}

std::optional<ServerBlock> Commands::named_server(const std::vector<GivenOption>& given, const ServiceBlock& service) {
    const auto at = std::ranges::find(given, Option::server, &GivenOption::option);
    const auto endpoint = at == given.end() ? std::nullopt : endpoint_of(at->value);
    if (!endpoint) {
        remarks_.broken(at_, "-r",
                        at == given.end() ? "is missing" : config::in_quotes(at->value) + " is no address with a port",
                        "names of hosts and ports are not looked up: ipvsadm -Sn writes numbers");
        return std::nullopt;
    }
    ServerBlock named;
    named.place = at_;
    named.address = endpoint->address;
    named.port = endpoint->port.value_or(service.targets.front().port);
    named.forwarding = Forwarding{.method = Forward::direct};
    return named;
}

void Commands::server_option(ServerBlock& server, const GivenOption& option) {
    constexpr std::uint32_t most = 0x7fffffff;  // the kernel takes them as signed
    Forwarding& forwarding = *server.forwarding;
    switch (option.option) {
        case Option::direct:
            forwarding.method = Forward::direct;
            return;
        case Option::tunnel:
            forwarding.method = Forward::tunnel;
            return;
        case Option::masquerade:
            forwarding.method = Forward::masquerade;
            return;
        case Option::tunnel_type:
            return tunnel_type(option, forwarding);
        case Option::tunnel_port:
            return number(option, 1, 65535, forwarding.tunnel_port);
        case Option::no_checksum:
            forwarding.tunnel_checksum.clear();
            return;
        case Option::checksum:
            forwarding.tunnel_checksum = "checksum";
            return;
        case Option::remote_checksum:
            forwarding.tunnel_checksum = "remote";
            return;
        case Option::weight:
            return number(option, 0, most, server.weight);
        case Option::upper:
            return number(option, 0, most, server.upper);
        case Option::lower:
            return number(option, 0, most, server.lower);
        default:
            return;
    }
}

void Commands::server(const std::vector<GivenOption>& given, Option command) {
    const auto named = named_service(given);
    if (!named) return;
    const auto service = services_.find(key_of(*named));
    if (service == services_.end()) {
        remarks_.broken(at_, given.front().word, "there is no such service yet: ipvsadm refuses the line",
                        "its -A line comes before it");
        return;
    }
    auto server = named_server(given, *named);
    if (!server) return;
    for (const GivenOption& each : given) server_option(*server, each);
    const bool rewrites = server->forwarding->method == Forward::masquerade;
    const std::uint32_t port = named->targets.front().port;
    if (!rewrites && named->targets.front().fwmark == 0 && server->port != port) {
        remarks_.changed(at_, "-r",
                         "without masquerading ipvsadm uses the port of the service, " + std::to_string(port));
        server->port = port;
    }
    auto& servers = service->second.servers;
    const auto known = servers.find({server->address, server->port});
    if (command == Option::delete_server) {
        if (known != servers.end()) servers.erase(known);
    } else if ((known == servers.end()) != (command == Option::add_server)) {
        remarks_.broken(at_, given.front().word,
                        std::string("the server is ") + (known == servers.end() ? "not there yet" : "there already") +
                            ": ipvsadm refuses the line");
    } else if (known != servers.end()) {
        known->second.server = std::move(*server);
    } else {
        const std::pair key(server->address, server->port);
        servers.emplace(key, AddedServer{order_++, std::move(*server)});
    }
}

// ---- the rest ------------------------------------------------------------------------------------------------------

void Commands::number(const GivenOption& option, std::uint32_t least, std::uint32_t most, std::uint32_t& value) {
    const auto read = number_of(option.value);
    if (read && *read >= least && *read <= most) {
        value = *read;
    } else {
        remarks_.broken(at_, option.word,
                        config::in_quotes(option.value) + " is no number from " + std::to_string(least) + " to " +
                            std::to_string(most) + ": passed over");
    }
}

void Commands::scheduler(const GivenOption& option, ServiceBlock& service) {
    if (std::ranges::find(known_schedulers, option.value) != std::end(known_schedulers)) {
        service.scheduler = option.value;
    } else {
        remarks_.broken(at_, option.word,
                        config::in_quotes(option.value) + " is no scheduler of Linux: the default wlc is used instead",
                        config::suggestion(option.value, known_schedulers));
    }
}

/// 0: it stays as it is.
void Commands::timeouts(const std::vector<GivenOption>& given) {
    const std::vector<std::string> words = command_words(given.front().value);
    constexpr std::array names{"tcp", "tcp_fin", "udp"};
    if (words.size() != names.size()) {
        remarks_.broken(at_, "--set", "takes three numbers: the time-outs of TCP, of TCP after FIN, and of UDP");
        return;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::uint32_t seconds = 0;
        number({Option::set, "--set", words[i]}, 0, 86400 * 31, seconds);
        if (seconds != 0) model_.timeouts[names[i]] = seconds;
    }
}

/// One row of ours works as master and as backup, as the node is.
void Commands::sync_daemon(const std::vector<GivenOption>& given) {
    SyncDaemonEntry entry;
    entry.place = at_;
    if (model_.sync) entry = *model_.sync;
    for (const GivenOption& each : given) {
        switch (each.option) {
            case Option::interface:
                entry.interface = each.value;
                break;
            case Option::sync_id:
                entry.id = each.value;
                break;
            case Option::sync_group:
                entry.group = each.value;
                break;
            case Option::sync_port:
                entry.port = each.value;
                break;
            case Option::sync_ttl:
                entry.ttl = each.value;
                break;
            case Option::sync_length:
                remarks_.lost(at_, each.word, "the kernel's own length is used", "leave it out");
                break;
            default:
                break;
        }
    }
    if (entry.interface.empty()) {
        remarks_.broken(at_, given.front().word, "names no interface: the line is passed over", "--mcast-interface");
        return;
    }
    model_.sync = std::move(entry);
}

void Commands::finish() {
    std::vector<const AddedService*> services;
    for (const auto& [key, each] : services_) services.push_back(&each);
    std::ranges::sort(services, {}, &AddedService::order);
    for (const AddedService* each : services) {
        ServiceBlock service = each->service;
        std::vector<const AddedServer*> servers;
        for (const auto& [key, server] : each->servers) servers.push_back(&server);
        std::ranges::sort(servers, {}, &AddedServer::order);
        for (const AddedServer* server : servers) service.servers.push_back(server->server);
        service.forwarding = commonest_forwarding(service.servers);
        model_.services.push_back(std::move(service));
    }
}

bool is_comment(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    return first == std::string_view::npos || line[first] == '#';
}

}  // namespace

}  // namespace ipvsadm

NodeModel model_of_ipvsadm(std::string_view text, std::uint32_t file, Remarks& remarks) {
    NodeModel model;
    model.file = file;
    model.of_keepalived = false;
    const std::string valid = wire::valid_utf8(text);
    ipvsadm::Commands commands(model, remarks);
    std::uint32_t line = 0;
    for (std::size_t begin = 0; begin < valid.size();) {
        const std::size_t end = std::min(valid.find('\n', begin), valid.size());
        const std::string_view raw = std::string_view(valid).substr(begin, end - begin);
        begin = end + 1;
        ++line;
        if (!ipvsadm::is_comment(raw)) commands.run(command_words(raw), {file, line});
    }
    commands.finish();
    return model;
}

}  // namespace lbconverge::importer
