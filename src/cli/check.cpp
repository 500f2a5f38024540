#include "lbconverge/config/lint.hpp"
#include "lbconverge/daemon/trust.hpp"
#include "load.hpp"
#include "options.hpp"
#include "print.hpp"

#include <unistd.h>

namespace lbconverge::cli {

namespace {

/// Reports files that the daemon would refuse to run or to read, as far as this user can see them.
void report_untrusted(const config::Config& config, config::Diagnostics& diagnostics) {
    const auto look = [&](Source at, const std::string& path, const std::string& user) {
        const auto reason = path.starts_with('/') ? daemon::distrust(path, user) : std::nullopt;
        if (!reason || reason->missing) return;
        diagnostics.error(at, "will not be used: " + reason->why,
                          "it and its directories must belong to root or to the user of the command, and nobody else "
                          "may write them");
    };
    for (const config::Hook& hook : config.hooks) {
        if (!hook.command.empty()) look(hook.source, hook.command.front(), hook.user);
        look(hook.source, hook.environment_file, hook.user);
    }
    for (const config::Track& track : config.tracks) {
        if (!track.command.empty()) look(track.source, track.command.front(), track.user);
    }
    for (const config::Check& check : config.checks) {
        if (!check.command.empty()) look(check.source, check.command.front(), check.user);
    }
}

/// What the daemon would not read, where it can be seen from here. A file that is not here may be there on the nodes.
void report_keys(config::Config& config, config::Diagnostics& diagnostics) {
    if (config.role == Role::real_server) return;
    for (config::Vrrp& vrrp : config.vrrp) {
        if (vrrp.auth_key_file.empty() || ::access(vrrp.auth_key_file.c_str(), R_OK) != 0) continue;
        const Result<void> read = read_auth_keys(vrrp);
        if (!read) diagnostics.error(vrrp.source, read.error().what, read.error().hint);
    }
}

}  // namespace

/// Checks one node, or all of them.
int check_command(const Options& options) {
    config::Diagnostics diagnostics;
    const Result<config::Document> parsed = parse_files(options.config, diagnostics);
    if (!parsed) return report(parsed.error());
    const config::Document& document = *parsed;
    std::vector<std::string> nodes = document.nodes();
    if (!options.node.empty() || nodes.empty()) nodes = {options.node};
    std::vector<config::Config> configs;
    for (const std::string& each : nodes) {
        if (auto config = document.config_for(each, diagnostics)) configs.push_back(std::move(*config));
    }
    for (config::Config& each : configs) {
        config::report_unsupported(each, config::Severity::warning, diagnostics);
        report_untrusted(each, diagnostics);
        report_keys(each, diagnostics);
    }
    config::lint(configs, diagnostics);
    diagnostics.finish();
    print(listed(diagnostics, document.files()));
    if (diagnostics.all().empty()) {
        const std::string count =
            document.nodes().empty() ? "any node" : std::to_string(nodes.size()) + " of its nodes";
        print(options.config + ": no problems, checked for " + count + "\n");
    }
    return diagnostics.has_errors() ? exit_invalid : exit_good;
}

}  // namespace lbconverge::cli
