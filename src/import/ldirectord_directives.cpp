#include "ldirectord.hpp"
#include "ldirectord_reader.hpp"

#include <algorithm>

namespace lbconverge::importer::ldirectord {

namespace {

constexpr std::string_view no_mail = "lbconverge sends no mail";
constexpr std::string_view instead_of_mail = "a [[hook]] that calls mail(1), or a monitor that reads status --json";
constexpr std::string_view no_login = "no check logs in";
constexpr std::string_view by_command = "a check by command (type = \"exec\")";
constexpr std::string_view no_script = "no command runs when the last server fails or the first one is back";
constexpr std::string_view instead_of_script =
    "a [[track]] of the service lets it count in the election; status --json has its state";

/// Every directive and what becomes of it.
constexpr Directive directives[] = {
    {scope_both, "checktimeout", Destiny::carried, "timeout of the check", {}, &FileReader::take_check_timeout},
    {scope_both, "negotiatetimeout", Destiny::carried, "timeout of the check", {}, &FileReader::take_negotiate_timeout},
    {scope_both, "checkinterval", Destiny::carried, "interval of the check", {}, &FileReader::take_check_interval},
    {scope_both, "checkcount", Destiny::carried, "fall of a check by ping", {}, &FileReader::take_check_count},
    {scope_both, "failurecount", Destiny::carried, "fall of the check", {}, &FileReader::take_failure_count},
    {scope_both, "fallback", Destiny::carried, "fallback", {}, &FileReader::take_fallback},
    {scope_both, "fallback6", Destiny::carried, "fallback", {}, &FileReader::take_fallback6},
    {scope_both, "quiescent", Destiny::carried, "on_down", {}, &FileReader::take_quiescent},
    {scope_both, "cleanstop", Destiny::carried, "services stay when the daemon ends", {}, &FileReader::take_clean_stop},
    {scope_both, "fallbackcommand", Destiny::lost, no_script, instead_of_script},
    {scope_both, "emailalert", Destiny::lost, no_mail, instead_of_mail},
    {scope_both, "emailalertfreq", Destiny::lost, no_mail, instead_of_mail},
    {scope_both, "emailalertstatus", Destiny::lost, no_mail, instead_of_mail},
    {scope_both, "smtp", Destiny::lost, no_mail, instead_of_mail},
    {scope_both, "connecttimeout", Destiny::carried, "nothing", {}, &FileReader::take_deprecated},
    {scope_global, "timeout", Destiny::carried, "nothing", {}, &FileReader::take_deprecated},
    {scope_global, "emailalertfrom", Destiny::lost, no_mail, instead_of_mail},
    {scope_global, "fork", Destiny::carried, "checks run side by side anyway", {}, &FileReader::take_fork},
    {scope_global, "supervised", Destiny::same, "the daemon stays in the foreground, and systemd runs it"},
    {scope_global, "logfile", Destiny::lost, "the log goes to standard error, so into the journal",
     "journalctl -u lbconverge"},
    {scope_global, "autoreload", Destiny::lost, "a changed file is not read by itself",
     "lbconverge apply, or systemctl reload lbconverge"},
    {scope_global, "callback", Destiny::lost, "no command runs when the file changes",
     "one file with [nodes] describes all nodes; copy it, then reload"},
    {scope_global, "execute", Destiny::lost, "a file does not start further ones", "import that configuration as well"},
    {scope_global, "readdquiescent", Destiny::lost,
     "a server that was removed by hand is put back, as by readdquiescent=yes", "lbconverge drain"},
    {scope_global, "maintenancedir", Destiny::lost, "no file takes a server out of use",
     "lbconverge drain SERVER, or check = { type = \"file\", path = \"…\" }"},

    {scope_section, "real", Destiny::carried, "real_servers", {}, &FileReader::take_real},
    {scope_section, "real6", Destiny::carried, "real_servers", {}, &FileReader::take_real6},
    {scope_section, "checktype", Destiny::carried, "check", {}, &FileReader::take_checktype},
    {scope_section, "service", Destiny::carried, "type of the check", {}, &FileReader::take_service},
    {scope_section, "checkcommand", Destiny::carried, "command of the check", {}, &FileReader::take_command},
    {scope_section, "checkport", Destiny::carried, "port of the check", {}, &FileReader::take_check_port},
    {scope_section, "request", Destiny::carried, "path of the check; of DNS: host", {}, &FileReader::take_request},
    {scope_section, "receive", Destiny::carried, "expect of the check", {}, &FileReader::take_receive},
    {scope_section, "httpmethod", Destiny::carried, "GET only", {}, &FileReader::take_method},
    {scope_section, "virtualhost", Destiny::carried, "host of the check", {}, &FileReader::take_virtual_host},
    {scope_section, "scheduler", Destiny::carried, "scheduler", {}, &FileReader::take_scheduler},
    {scope_section, "schedflags", Destiny::carried, "scheduler_flags", {}, &FileReader::take_flags},
    {scope_section, "persistent", Destiny::carried, "persistence", {}, &FileReader::take_persistent},
    {scope_section, "netmask", Destiny::carried, "persistence_mask", {}, &FileReader::take_netmask},
    {scope_section, "protocol", Destiny::carried, "protocol", {}, &FileReader::take_protocol},
    {scope_section, "ops", Destiny::carried, "one_packet", {}, &FileReader::take_ops},
    {scope_section, "servicename", Destiny::carried, "a comment", {}, &FileReader::take_note},
    {scope_section, "comment", Destiny::carried, "a comment", {}, &FileReader::take_note},
    {scope_section, "login", Destiny::lost, no_login, by_command},
    {scope_section, "passwd", Destiny::lost, no_login, by_command},
    {scope_section, "database", Destiny::lost, no_login, by_command},
    {scope_section, "secret", Destiny::lost, no_login, by_command},
    {scope_section, "load", Destiny::same, "ldirectord reads it, and does nothing with it"},
    {scope_section, "monitorfile", Destiny::lost, "no file of its own has the answers of a service's checks",
     "the log has every server that comes and goes, and status --json the answers"},
};

}  // namespace

const Directive* find_directive(std::string_view word) {
    const auto* at = std::ranges::find(directives, word, &Directive::word);
    return at == std::end(directives) ? nullptr : at;
}

std::vector<std::string_view> words_in(std::uint8_t scope) {
    std::vector<std::string_view> words;
    for (const Directive& each : directives) {
        if ((each.scope & scope) != 0) words.push_back(each.word);
    }
    if (scope == scope_global) words.insert(words.end(), {"virtual", "virtual6"});
    return words;
}

}  // namespace lbconverge::importer::ldirectord

namespace lbconverge::importer {

std::string ldirectord_guide() {
    std::string text = "| directive | where | here |\n|---|---|---|\n";
    for (const ldirectord::Directive& each : ldirectord::directives) {
        constexpr std::string_view places[] = {"", "file", "section", "file, section"};
        text.append("| `").append(each.word).append("` | ").append(places[each.scope]).append(" | ");
        if (each.fate == Destiny::lost) text += "**not carried**: ";
        if (each.fate == Destiny::same) text += "not needed: ";
        text.append(each.here);
        if (!each.remedy.empty()) text.append("; instead: ").append(each.remedy);
        text += " |\n";
    }
    return text;
}

}  // namespace lbconverge::importer
