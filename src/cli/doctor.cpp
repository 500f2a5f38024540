#include "doctor.hpp"

#include "daemon_commands.hpp"
#include "json.hpp"
#include "lbconverge/kernel/survey.hpp"
#include "load.hpp"
#include "show.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

/// Time for everybody to answer ARP or a neighbour solicitation; asked twice within it.
constexpr std::chrono::milliseconds answer_patience{600};
/// Adverts come once per interval; this many are waited for, of the longest interval among the instances.
constexpr int intervals_to_listen = 3;
constexpr std::chrono::seconds longest_listening{10};
/// A configuration file that a person wrote is not longer.
constexpr std::size_t largest_file = 256 * 1024;

/// Where networks, settings and VIPs are configured on the distributions of today and of ten years ago.
constexpr const char* folders[] = {"/etc/sysctl.d",
                                   "/etc/network/interfaces.d",
                                   "/etc/network/if-up.d",
                                   "/etc/sysconfig/network-scripts",
                                   "/etc/systemd/network",
                                   "/run/systemd/network",
                                   "/etc/NetworkManager/conf.d",
                                   "/etc/NetworkManager/system-connections",
                                   "/etc/netplan",
                                   "/etc/cloud/cloud.cfg.d",
                                   "/etc/init.d",
                                   "/etc/keepalived"};
constexpr const char* single_files[] = {"/etc/sysctl.conf", "/etc/network/interfaces", "/etc/rc.local",
                                        "/etc/rc.d/rc.local"};

std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
    return lines;
}

void add_file(const fs::path& path, std::vector<doctor::TextFile>& files) {
    std::error_code error;
    if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > largest_file || error) return;
    files.push_back({path.string(), lines_of(path.string())});
}

/// The files of a folder, and of folders in it such as 10-eth0.network.d.
std::vector<doctor::TextFile> read_host_files() {
    std::vector<doctor::TextFile> files;
    for (const char* path : single_files) add_file(path, files);
    for (const char* folder : folders) {
        std::error_code error;
        std::vector<fs::path> paths;
        for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
            if (at.depth() > 1) at.disable_recursion_pending();
            paths.push_back(at->path());
        }
        std::sort(paths.begin(), paths.end());
        for (const fs::path& path : paths) add_file(path, files);
    }
    return files;
}

std::vector<doctor::Listener> read_listeners() {
    std::vector<doctor::Listener> all;
    for (const auto& [name, family, protocol] :
         {std::tuple{"tcp", Family::ipv4, Protocol::tcp}, std::tuple{"tcp6", Family::ipv6, Protocol::tcp},
          std::tuple{"udp", Family::ipv4, Protocol::udp}, std::tuple{"udp6", Family::ipv6, Protocol::udp}}) {
        const auto text = read_file(std::string("/proc/net/") + name);  // of this network namespace
        if (!text) continue;
        for (const doctor::Listener& each : doctor::parse_sockets(*text, family, protocol)) all.push_back(each);
    }
    return all;
}

/// "kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz: …" as "ip_vs_rr"
std::string module_name(std::string path) {
    path = path.substr(0, path.find(':'));
    path = path.substr(path.rfind('/') + 1);
    path = path.substr(0, path.find(".ko"));
    std::replace(path.begin(), path.end(), '-', '_');
    return path;
}

doctor::Modules read_modules() {
    doctor::Modules modules;
    std::string release = read_file("/proc/sys/kernel/osrelease").value_or("");
    while (release.ends_with('\n')) release.pop_back();
    for (const char* list : {"modules.dep", "modules.builtin"}) {
        const auto lines = lines_of("/lib/modules/" + release + "/" + list);
        modules.known = modules.known || !lines.empty();
        for (const std::string& line : lines) modules.names.insert(module_name(line));
    }
    for (const std::string& line : lines_of("/proc/modules")) modules.names.insert(line.substr(0, line.find(' ')));
    return modules;
}

/// Managers of networks that are running.
std::set<std::string> read_managers() {
    std::set<std::string> managers;
    std::error_code error;
    if (fs::exists("/run/systemd/netif/state", error)) managers.insert("systemd-networkd");
    if (fs::exists("/run/NetworkManager", error)) managers.insert("NetworkManager");
    return managers;
}

/// The configuration, if there is one: a file that was named must be there, the default one may lack.
Result<void> read_configuration(const Options& options, doctor::Evidence& evidence) {
    std::error_code error;
    if (!options.config_given && !fs::exists(options.config, error)) return {};
    Result<Loaded> loaded = load_node(options.config, options.node);
    if (!loaded) return tl::unexpected(loaded.error());
    evidence.config = std::move(loaded->config);
    const Election decided = options.as ? Election{} : election_of_daemon();
    for (const config::Vrrp& instance : evidence.config->vrrp) {
        const auto at = decided.find(instance.name);
        evidence.election[instance.name] =
            at != decided.end() ? at->second : options.as.value_or(ElectionState::backup);
    }
    if (options.config_given) evidence.lbconverge += " -c " + options.config;
    if (!options.node.empty()) evidence.lbconverge += " --node " + options.node;
    if (options.as) evidence.apply_options = " --as " + std::string(to_text(*options.as));
    return {};
}

Result<void> read_kernel(doctor::Evidence& evidence) {
    auto observed = observe_all();
    if (!observed) return tl::unexpected(observed.error());
    evidence.kernel = std::move(*observed);
    auto routes = kernel::read_routes();
    if (!routes) return tl::unexpected(routes.error());
    evidence.routes = std::move(*routes);
    auto tunnels = kernel::read_tunnels();
    if (!tunnels) return tl::unexpected(tunnels.error());
    evidence.tunnels = std::move(*tunnels);
    auto sync = kernel::read_sync_daemons();
    if (!sync) return tl::unexpected(sync.error());
    evidence.sync = std::move(*sync);
    evidence.firewall = kernel::read_firewall();
    evidence.listeners = read_listeners();
    return {};
}

/// How long adverts of all instances take to come several times.
std::chrono::milliseconds time_to_listen(const doctor::Evidence& evidence) {
    std::chrono::milliseconds longest = std::chrono::seconds(1);
    if (evidence.config) {
        for (const config::Vrrp& each : evidence.config->vrrp) longest = std::max(longest, each.advert_interval);
    }
    return std::min<std::chrono::milliseconds>(longest * intervals_to_listen, longest_listening);
}

Result<void> ask_the_wire(const Options& options, doctor::Evidence& evidence) {
    if (options.arp) {
        auto answers = kernel::ask(doctor::questions(evidence), *evidence.kernel, answer_patience);
        if (!answers) return tl::unexpected(answers.error());
        evidence.answers = std::move(*answers);
        evidence.asked = true;
    }
    if (options.vrrp) {
        std::vector<InterfaceName> interfaces;
        for (const Interface& each : evidence.kernel->facts.interfaces) {
            if (each.up && each.speaks_arp) interfaces.push_back(each.name);
        }
        auto heard = kernel::listen(interfaces, evidence.kernel->facts, time_to_listen(evidence));
        if (!heard) return tl::unexpected(heard.error());
        evidence.heard = std::move(*heard);
        evidence.listened = true;
    }
    return {};
}

Result<doctor::Evidence> gather(const Options& options) {
    doctor::Evidence evidence;
    if (auto good = read_configuration(options, evidence); !good) return tl::unexpected(good.error());
    if (auto good = read_kernel(evidence); !good) return tl::unexpected(good.error());
    evidence.files = read_host_files();
    evidence.modules = read_modules();
    evidence.managers = read_managers();
    if (auto good = ask_the_wire(options, evidence); !good) return tl::unexpected(good.error());
    return evidence;
}

std::string_view kind_text(doctor::Cure::Kind kind) {
    switch (kind) {
        case doctor::Cure::Kind::command:
            return "command";
        case doctor::Cure::Kind::line:
            return "line";
        case doctor::Cure::Kind::advice:
            break;
    }
    return "advice";
}

std::string_view severity_text(config::Severity severity) {
    return severity == config::Severity::error ? "error" : "warning";
}

std::string mac_text(const wire::LinkAddress& link) {
    return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", link[0], link[1], link[2], link[3], link[4],
                       link[5]);
}

std::string answers_text(const doctor::Evidence& evidence) {
    std::string text;
    for (const IpAddress& vip : doctor::vips_of(evidence)) {
        std::string answered;
        for (const doctor::Answer& each : evidence.answers) {
            if (each.address != vip) continue;
            const std::string owner = doctor::owner_of(evidence, each.link);
            answered += fmt::format("{}{}{} on {}", answered.empty() ? "" : ", ", mac_text(each.link),
                                    owner.empty() ? "" : " (" + owner + ")", each.interface.view());
        }
        text += fmt::format("  {} is answered by {}\n", to_text(vip), answered.empty() ? "no other host" : answered);
    }
    return text;
}

std::string heard_text(const doctor::Evidence& evidence) {
    std::set<std::string> lines;
    for (const doctor::Heard& each : evidence.heard) {
        lines.insert(fmt::format("  {} advertises vrid {} with priority {} on {}\n", to_text(each.source),
                                 each.advertisement.vrid, each.advertisement.priority, each.interface.view()));
    }
    std::string text;
    for (const std::string& line : lines) text += line;
    return text.empty() ? "  no VRRP advertisement was heard\n" : text;
}

Json answers_json(const doctor::Evidence& evidence) {
    Json all = Json::array();
    for (const doctor::Answer& each : evidence.answers) {
        const std::string owner = doctor::owner_of(evidence, each.link);
        all.push_back({{"address", to_text(each.address)},
                       {"interface", each.interface.str()},
                       {"mac", mac_text(each.link)},
                       {"node", owner.empty() ? Json() : Json(owner)}});
    }
    return all;
}

Json heard_json(const doctor::Evidence& evidence) {
    Json all = Json::array();
    for (const doctor::Heard& each : evidence.heard) {
        Json vips = Json::array();
        for (const IpAddress& vip : each.advertisement.addresses) vips.push_back(to_text(vip));
        Json advert = {{"interface", each.interface.str()},     {"source", to_text(each.source)},
                       {"vrid", each.advertisement.vrid},       {"priority", each.advertisement.priority},
                       {"version", each.advertisement.version}, {"vips", std::move(vips)}};
        if (std::find(all.begin(), all.end(), advert) == all.end()) all.push_back(std::move(advert));
    }
    return all;
}

}  // namespace

std::string findings_text(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name) {
    const std::string what = evidence.config ? std::string(to_text(evidence.config->role)) : "no configuration";
    std::string text = fmt::format("{}: {}, {}\n", name, what,
                                   findings.empty()       ? "nothing found"
                                   : findings.size() == 1 ? "1 mistake"
                                                          : fmt::format("{} mistakes", findings.size()));
    if (evidence.asked) text += answers_text(evidence);
    if (evidence.listened) text += heard_text(evidence);
    for (const doctor::Finding& each : findings) {
        text += fmt::format("{} {} {}: {}\n      cure: {}\n", each.code, severity_text(each.severity), each.place,
                            each.what, each.cure.text);
    }
    return text;
}

std::string findings_json(const doctor::Evidence& evidence, const std::vector<doctor::Finding>& findings,
                          const std::string& name) {
    Json list = Json::array();
    for (const doctor::Finding& each : findings) {
        list.push_back({{"code", each.code},
                        {"severity", severity_text(each.severity)},
                        {"place", each.place},
                        {"what", each.what},
                        {"cure", {{"kind", kind_text(each.cure.kind)}, {"text", each.cure.text}}}});
    }
    Json json = {{"format_version", 1}, {"node", name}, {"configured", evidence.config.has_value()}};
    json["findings"] = std::move(list);
    if (evidence.asked) json["answers"] = answers_json(evidence);
    if (evidence.listened) json["heard"] = heard_json(evidence);
    return dumped(json) + "\n";
}

int doctor_command(const Options& options) {
    if (::geteuid() != 0)
        return report({ErrorKind::not_permitted, "doctor reads what only root may read", "run as root"});
    const Result<doctor::Evidence> evidence = gather(options);
    if (!evidence) return report(evidence.error());
    const auto findings = doctor::diagnose(*evidence);
    const std::string name = evidence->config && !evidence->config->node.empty() ? evidence->config->node : host_name();
    const std::string text =
        options.json ? findings_json(*evidence, findings, name) : findings_text(*evidence, findings, name);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return findings.empty() ? exit_good : exit_to_do;
}

}  // namespace lbconverge::cli
