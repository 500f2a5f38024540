#include "commands.hpp"

#include <algorithm>

namespace lbconverge::cli {

// Each is in the file with its name; undrain is in the file of drain.
int check_command(const Options& options);
int diff_command(const Options& options);
int apply_command(const Options& options);
int run_command(const Options& options);
int status_command(const Options& options);
int health_command(const Options& options);
int show_command(const Options& options);
int import_command(const Options& options);
int explain_command(const Options& options);
int lookup_command(const Options& options);
int drain_command(const Options& options);
int undrain_command(const Options& options);
int doctor_command(const Options& options);
int simulate_command(const Options& options);
int takeover_command(const Options& options);
int release_command(const Options& options);

namespace {

constexpr Argument server{.name = "SERVER", .wanted = "one argument, a real server"};

constexpr std::array table = {
    Command{.name = "check",
            .help = "read the configuration and say everything that is wrong with it",
            .run = check_command},
    Command{.name = "diff",
            .help = "show what apply would do (exit code 2: something)",
            .options = {"json", "as", "against", "from", "prune-foreign"},
            .root = {.does = "reads IPVS"},
            .run = diff_command},
    Command{.name = "apply",
            .help = "do it, read the kernel again and prove that nothing is left to do",
            .options = {"json", "dry-run", "as", "prune-foreign", "textfile"},
            .root = {.does = "changes the kernel"},
            .run = apply_command},
    Command{.name = "run",
            .help = "the daemon: election, repair, and a socket that answers status and apply",
            .root = {.does = "changes the kernel"},
            .run = run_command},
    Command{.name = "status",
            .help = "what the daemon says: elections and why, kernel work, services",
            .options = {"json", "watch"},
            .run = status_command},
    Command{.name = "health",
            .help = "say in one line how this node is (exit code as of a Nagios plugin)",
            .run = health_command},
    Command{.name = "show",
            .help = "print the kernel's state as TOML, or as a snapshot",
            .options = {"format"},
            .root = {.does = "reads IPVS"},
            .run = show_command},
    Command{.name = "import",
            .argument = {.name = "keepalived|ldirectord|ipvsadm [NAME=]FILE...",
                         .wanted = "keepalived, ldirectord or ipvsadm, and a file",
                         .words = 2,
                         .more = true},
            .help = "print what a file of another program says as TOML; what is lost, on stderr",
            .options = {"compare"},
            .root = {.does = "reads IPVS"},
            .run = import_command},
    Command{.name = "explain",
            .argument = {.name = "ADDRESS", .wanted = "one argument, an address"},
            .help = "say why the rows of an address are as they are",
            .options = {"as"},
            .root = {.does = "reads IPVS"},
            .run = explain_command},
    Command{.name = "lookup",
            .argument = {.name = "SERVICE CLIENT", .wanted = "two arguments, a service and a client", .words = 2},
            .help = "say which real server a client gets (mh, sh, dh), and why",
            .options = {"json"},
            .root = {.does = "reads IPVS"},
            .run = lookup_command},
    Command{.name = "drain",
            .argument = server,
            .help = "take a real server out of use, until undrain: no new connections, the old ones go on",
            .options = {"json", "dry-run", "as", "force"},
            .root = {.does = "changes the kernel"},
            .run = drain_command},
    Command{.name = "undrain",
            .argument = server,
            .help = "give it back",
            .options = {"json", "dry-run", "as"},
            .root = {.does = "changes the kernel"},
            .run = undrain_command},
    Command{.name = "doctor",
            .help = "check this host against the known mistakes (exit code 2: something found)",
            .options = {"json", "as", "arp", "vrrp"},
            .root = {.does = "reads what only root may read", .refused_at_once = true},
            .run = doctor_command},
    Command{.name = "simulate",
            .argument = {.name = "FILE", .wanted = "one file", .may_lack = true},  // -c can name the file, too
            .help = "let all nodes of FILE play against each other on a virtual clock",
            .options = {"json", "seed", "runs", "duration", "faults", "only", "svg"},
            .run = simulate_command},
    Command{.name = "takeover",
            .argument = {.name = "keepalived", .wanted = "one argument, keepalived"},
            .help = "end keepalived here, and go on in its stead with all that it has made",
            .options = {"dry-run", "force"},
            .root = {.does = "changes the kernel", .refused_at_once = true},
            .run = takeover_command},
    Command{.name = "release",
            .help = "remove what is ours and put settings back",
            .options = {"json", "dry-run"},
            .root = {.does = "changes the kernel"},
            .run = release_command},
};

}  // namespace

bool Command::takes(std::string_view option) const {
    return std::find(options.begin(), options.end(), option) != options.end();
}

std::span<const Command> commands() { return table; }

const Command* command_named(std::string_view name) {
    const auto* const found =
        std::find_if(table.begin(), table.end(), [&](const Command& each) { return each.name == name; });
    return found == table.end() ? nullptr : found;
}

std::string commands_with(std::string_view option) {
    std::string text;
    for (const Command& each : table) {
        if (each.takes(option)) text.append(text.empty() ? "" : ", ").append(each.name);
    }
    return text;
}

}  // namespace lbconverge::cli
