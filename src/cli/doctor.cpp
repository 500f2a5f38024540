#include "doctor.hpp"

#include "daemon_client.hpp"
#include "format.hpp"
#include "json.hpp"
#include "lbconverge/survey/survey.hpp"
#include "load.hpp"
#include "observe.hpp"
#include "options.hpp"
#include "print.hpp"

#include <algorithm>
#include <filesystem>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

/// Reads the configuration, if there is one. A file that the user has named must exist, the default one need not.
Result<void> read_configuration(const Options& options, doctor::Evidence& evidence) {
    std::error_code error;
    if (!options.config_given && !fs::exists(options.config, error)) return {};
    Result<config::Config> config = load_node(options.config, options.node);
    RETURN_IF_ERROR(config);
    evidence.config = std::move(*config);
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

Result<doctor::Evidence> gather(const Options& options) {
    doctor::Evidence evidence;
    RETURN_IF_ERROR(read_configuration(options, evidence));
    auto observed = observe_all();
    RETURN_IF_ERROR(observed);
    evidence.kernel = std::move(*observed);
    auto done = survey::read_host(evidence);
    if (done && options.arp) done = survey::ask_neighbours(evidence);
    if (done && options.vrrp) done = survey::hear_adverts(evidence);
    RETURN_IF_ERROR(done);
    return evidence;
}

std::string_view kind_text(doctor::CureKind kind) {
    switch (kind) {
        case doctor::CureKind::command:
            return "command";
        case doctor::CureKind::line:
            return "line";
        case doctor::CureKind::advice:
            break;
    }
    return "advice";
}

std::string_view severity_text(config::Severity severity) {
    return severity == config::Severity::error ? "error" : "warning";
}

std::string mac_text(const wire::LinkAddress& link) {
    return formatted("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", link[0], link[1], link[2], link[3], link[4], link[5]);
}

std::string answers_text(const doctor::Evidence& evidence) {
    std::string text;
    for (const IpAddress& vip : doctor::vips_of(evidence)) {
        std::string answered;
        for (const doctor::ReceivedReply& each : evidence.replies) {
            if (each.address != vip) continue;
            const std::string owner = doctor::owner_of(evidence, each.link);
            answered += formatted("{}{}{} on {}", answered.empty() ? "" : ", ", mac_text(each.link),
                                  owner.empty() ? "" : " (" + owner + ")", each.interface.view());
        }
        text += formatted("  {} is answered by {}\n", to_text(vip), answered.empty() ? "no other host" : answered);
    }
    return text;
}

std::string heard_text(const doctor::Evidence& evidence) {
    std::set<std::string> lines;
    for (const doctor::ReceivedAdvert& each : evidence.heard) {
        lines.insert(formatted("  {} advertises vrid {} with priority {} on {}\n", to_text(each.source),
                               each.advertisement.vrid, each.advertisement.priority, each.interface.view()));
    }
    std::string text;
    for (const std::string& line : lines) text += line;
    return text.empty() ? "  no VRRP advertisement was heard\n" : text;
}

Json answers_json(const doctor::Evidence& evidence) {
    Json all = Json::array();
    for (const doctor::ReceivedReply& each : evidence.replies) {
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
    for (const doctor::ReceivedAdvert& each : evidence.heard) {
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
    std::string text = formatted("{}: {}, {}\n", name, what,
                                 findings.empty()       ? "nothing found"
                                 : findings.size() == 1 ? "1 mistake"
                                                        : formatted("{} mistakes", findings.size()));
    if (evidence.asked) text += answers_text(evidence);
    if (evidence.listened) text += heard_text(evidence);
    for (const doctor::Finding& each : findings) {
        text += formatted("{} {} {}: {}\n      cure: {}\n", each.code, severity_text(each.severity), each.place,
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
    return json_text(json) + "\n";
}

std::string findings_as_comments(const std::vector<doctor::Finding>& findings) {
    if (findings.empty()) return {};
    std::string text;
    for (const doctor::Finding& each : findings) {
        text += formatted("{} {} {}: {}\n  cure: {}\n", each.code, severity_text(each.severity), each.place, each.what,
                          each.cure.text);
    }
    // A comment may have no control characters; names in the kernel may.
    const std::string valid = wire::valid_utf8(text);
    std::string comments = "# Known mistakes on this host (lbconverge doctor):\n# ";
    for (std::size_t i = 0; i + 1 < valid.size(); ++i) {
        const auto octet = static_cast<unsigned char>(valid[i]);
        if (valid[i] == '\n') comments += "\n# ";
        if (valid[i] != '\n') comments += octet < 0x20 || octet == 0x7f ? '?' : valid[i];
    }
    return comments + "\n\n";
}

int doctor_command(const Options& options) {
    const Result<doctor::Evidence> evidence = gather(options);
    if (!evidence) return report(evidence.error());
    const auto findings = doctor::diagnose(*evidence);
    const std::string name = evidence->config && !evidence->config->node.empty() ? evidence->config->node : host_name();
    print(options.json ? findings_json(*evidence, findings, name) : findings_text(*evidence, findings, name));
    return findings.empty() ? exit_good : exit_to_do;
}

}  // namespace lbconverge::cli
