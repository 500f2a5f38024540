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
            .about = "Prints all problems of the file at once, each with its place, what is wrong and what to do. "
                     "Without --node every node of the file is checked. Exit status 65: there are errors.",
            .example = {.line = "lbconverge -c lb.toml check", .does = "before the file is copied to the nodes"},
            .run = check_command},
    Command{.name = "diff",
            .help = "show what apply would do (exit code 2: something)",
            .about = "Prints the steps of apply in their order, with the reason and the place in the file. Changes "
                     "nothing and loads no module. Exit status 2: something is to be done.",
            .example = {.line = "lbconverge --node lb1 diff --from old.toml",
                        .does = "what a change of the file does to lb1"},
            .options = {"json", "as", "against", "from", "prune-foreign"},
            .root = {.does = "reads IPVS"},
            .run = diff_command},
    Command{.name = "apply",
            .help = "do it, read the kernel again and prove that nothing is left to do",
            .about = "Brings this node to what the file says, step by step in a safe order. Where a daemon runs, the "
                     "daemon does the work. A second run writes nothing. After a failure run it again.",
            .example = {.line = "lbconverge apply --dry-run", .does = "look first"},
            .options = {"json", "dry-run", "as", "prune-foreign", "textfile"},
            .root = {.does = "changes the kernel"},
            .run = apply_command},
    Command{.name = "run",
            .help = "the daemon: election, checks, repair; it answers status and apply",
            .about = "Runs in the foreground; the log goes to stderr. SIGHUP reads the files again, SIGTERM hands "
                     "the VIPs over, SIGUSR2 leaves them to the next daemon.",
            .example = {.line = "lbconverge --log-level debug run", .does = "by hand; the unit is lbconverge.service"},
            .root = {.does = "changes the kernel"},
            .run = run_command},
    Command{.name = "status",
            .help = "what the daemon says: elections and why, kernel work, services",
            .about = "Prints the state of each VRRP instance and the reason for it, tracks, hooks, kernel work, "
                     "health checks and drains; for root also the IPVS table. Exit status 1: no daemon runs.",
            .example = {.line = "lbconverge status --watch", .does = "on a second screen, while you change something"},
            .options = {"json", "watch"},
            .run = status_command},
    Command{.name = "health",
            .help = "say in one line how this node is (exit code as of a Nagios plugin)",
            .about = "Asks the daemon, and prints the worst that there is to say. Exit status 0 is OK, 1 WARNING, "
                     "2 CRITICAL, 3 UNKNOWN.",
            .example = {.line = "lbconverge health", .does = "as a check of Nagios or Icinga"},
            .run = health_command},
    Command{.name = "show",
            .help = "print the kernel's state as TOML, or as a snapshot",
            .about = "Prints what the kernel has, as far as lbconverge manages it, whatever the file says: as a file "
                     "that check accepts, or as a snapshot for diff --against.",
            .example = {.line = "lbconverge show --format snapshot", .does = "for diff --against on another host"},
            .options = {"format"},
            .root = {.does = "reads IPVS"},
            .run = show_command},
    Command{.name = "import",
            .argument = {.name = "keepalived|ldirectord|ipvsadm [NAME=]FILE...",
                         .wanted = "keepalived, ldirectord or ipvsadm, and a file",
                         .words = 2,
                         .more = true},
            .help = "say in TOML what a file of another program says",
            .about = "Prints a file for lbconverge. What is not carried, what gets another value, and what is wrong "
                     "with the file is printed on stderr, by file and line. Several files of keepalived become the "
                     "nodes of one cluster.",
            .example = {.line = "lbconverge import keepalived lb1=a.conf lb2=b.conf", .does = "one file of two nodes"},
            .options = {"compare"},
            .root = {.does = "reads IPVS, with --compare"},
            .run = import_command},
    Command{.name = "explain",
            .argument = {.name = "ADDRESS", .wanted = "one argument, an address"},
            .help = "say why the rows of an address are as they are",
            .about = "For each row that contains the address: the line of the file that wants it, what the kernel "
                     "has, whose it is, and what apply would do.",
            .example = {.line = "lbconverge explain 192.0.2.20", .does = "why is this VIP here, or not?"},
            .options = {"as"},
            .root = {.does = "reads IPVS"},
            .run = explain_command},
    Command{.name = "lookup",
            .argument = {.name = "SERVICE CLIENT", .wanted = "two arguments, a service and a client", .words = 2},
            .help = "say which real server a client gets (mh, sh, dh), and why",
            .about = "Computes the choice of the schedulers mh, sh and dh as the kernel does it, and sends nothing. "
                     "SERVICE is an id of the kernel, or a part of it that no other service has.",
            .example = {.line = "lbconverge lookup 192.0.2.20:80 203.0.113.7", .does = "the server of this client"},
            .options = {"json"},
            .root = {.does = "reads IPVS"},
            .run = lookup_command},
    Command{.name = "drain",
            .argument = server,
            .help = "take a real server out of use until undrain; old connections go on",
            .about = "Gives a real server weight 0, whatever the file and the checks say, until undrain or the next "
                     "boot. SERVER is an address or a name of the file, with or without :PORT, and with @SERVICE for "
                     "one service only.",
            .example = {.line = "lbconverge drain ws1", .does = "before its maintenance"},
            .options = {"json", "dry-run", "as", "force"},
            .root = {.does = "changes the kernel"},
            .run = drain_command},
    Command{.name = "undrain",
            .argument = server,
            .help = "give it back",
            .about = "Ends a drain. Of a whole server it also ends the drains of its ports and services.",
            .example = {.line = "lbconverge undrain ws1", .does = "after its maintenance"},
            .options = {"json", "dry-run", "as"},
            .root = {.does = "changes the kernel"},
            .run = undrain_command},
    Command{.name = "doctor",
            .help = "check this host for the known mistakes (exit code 2: found some)",
            .about = "Looks at addresses, routes, settings, the IPVS table, sockets, packet filters and files of "
                     "this host, and compares them with the configuration, if there is one. Each mistake has a code "
                     "and a cure. Changes nothing.",
            .example = {.line = "lbconverge doctor --arp --vrrp", .does = "also ask and hear the network"},
            .options = {"json", "as", "arp", "vrrp"},
            .root = {.does = "reads what only root may read", .refused_at_once = true},
            .run = doctor_command},
    Command{.name = "simulate",
            .argument = {.name = "FILE", .wanted = "one file", .may_lack = true},  // -c can name the file, too
            .help = "let all nodes of FILE play against each other on a virtual clock",
            .about = "Runs every director of the file in one process, with faults drawn from a seed, and checks that "
                     "the cluster stays safe. A run that fails is reduced to the faults that matter. Exit status 1: "
                     "a check failed.",
            .example = {.line = "lbconverge simulate lb.toml --runs 100", .does = "a hundred seeds"},
            .options = {"json", "seed", "runs", "duration", "faults", "only", "svg"},
            .run = simulate_command},
    Command{.name = "takeover",
            .argument = {.name = "keepalived", .wanted = "one argument, keepalived"},
            .help = "end keepalived here, and go on in its stead with all that it has made",
            .about =
                "Ends keepalived so that its addresses and its table stay, and starts the daemon, which goes on with "
                "them. If something is not as before when the peers would have taken over, keepalived comes back "
                "(exit status 1). Refused (4) if the configuration would change more than settings.",
            .example = {.line = "lbconverge takeover keepalived --dry-run", .does = "see the steps first"},
            .options = {"dry-run", "force"},
            .root = {.does = "changes the kernel", .refused_at_once = true},
            .run = takeover_command},
    Command{.name = "release",
            .help = "remove what is ours and put settings back",
            .about = "Removes everything that is ours on this node, at once and without draining. What is foreign "
                     "stays and is listed. Refused while a daemon runs.",
            .example = {.line = "lbconverge release --dry-run", .does = "look first"},
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
