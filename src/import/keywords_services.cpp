#include "keyword_rows.hpp"

namespace lbconverge::importer {

namespace {

constexpr std::string_view no_script = "no command runs when a server or a quorum changes";
constexpr std::string_view instead_of_script =
    "a [[track]] of the service lets it count in the election; status --json has its state";
constexpr std::string_view full_nat = "full NAT is a fork's: Linux has it not";
constexpr std::string_view instead_of_full_nat = "forward = \"masquerade\", with the director as the servers' gateway";
constexpr std::string_view own_socket = "a check connects from the director's own address";
constexpr std::string_view by_command = "a check by command (type = \"exec\")";
constexpr std::string_view plain_text = "an answer is looked through for plain text";
constexpr std::string_view expect = "expect = \"text\" of the check";
constexpr std::string_view no_client_certificate = "a check shows no certificate of its own";

constexpr Keyword service_rows[] = {
    carried(in_top, "virtual_server_group", "a service for each of its addresses", take_server_group, in_list),
    carried(in_top, "virtual_server", "[[service]]", take_virtual_server, in_service),
    carried(in_service, "lvs_sched", "scheduler", take_scheduler),
    carried(in_service, "lb_algo", "scheduler", take_scheduler),
    carried(in_service, "flag-1", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "flag-2", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "flag-3", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "sh-port", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "sh-fallback", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "mh-port", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "mh-fallback", "scheduler_flags", take_scheduler_flag),
    carried(in_service, "ops", "one_packet", take_ops),
    carried(in_service | in_real, "lvs_method", "forward", take_forward),
    carried(in_service | in_real, "lb_kind", "forward", take_forward),
    carried(in_service, "persistence_engine", "persistence_engine", take_persistence_engine),
    carried(in_service, "persistence_timeout", "persistence", take_persistence),
    carried(in_service, "persistence_granularity", "persistence_mask", take_persistence_mask),
    lost(in_service, "nat_mask", "it has done nothing since Linux 2.2", "leave it out"),
    carried(in_service, "protocol", "protocol", take_protocol),
    lost(in_service, "ha_suspend", "checks run on every director, so that a backup knows its servers",
         "nothing is needed"),
    carried(in_service | in_real | in_url, "virtualhost", "host of the check", take_host),
    same(in_service | in_real, "snmp_name", "there is no SNMP agent"),
    same(in_timed, "alpha", "a server that is not in the kernel waits for its first answer anyway"),
    same(in_service, "omega", "no command runs at the end"),
    carried(in_service, "quorum", "quorum, in servers instead of weight", take_quorum),
    carried(in_service, "hysteresis", "hysteresis, in servers instead of weight", take_hysteresis),
    lost(in_service, "quorum_up", no_script, instead_of_script),
    lost(in_service, "quorum_down", no_script, instead_of_script),
    lost(in_service, "quorum_handle", no_script, instead_of_script),
    carried(in_service, "ip_family", "family", take_family),
    carried(in_service, "sorry_server", "fallback", take_sorry),
    lost(in_service, "sorry_server_inhibit", "the fallback is not in the pool while it does not serve",
         "nothing is needed"),
    carried(in_service, "sorry_server_lvs_method", "fallback with forward", take_sorry_forward),
    carried(in_service | in_real, "inhibit_on_failure",
            "on_down = \"drain\" of the service, if the service or all its servers have it", take_inhibit),
    lost(in_service, "laddr_group_name", full_nat, instead_of_full_nat),
    lost(in_service, "syn_proxy", full_nat, "net.ipv4.tcp_syncookies on the servers"),
    lost(in_service, "alpha_mode", "it is no word of Linux's keepalived", "leave it out"),
    lost(in_top, "local_address_group", full_nat, instead_of_full_nat, in_list),

    carried(in_service, "real_server", "real_servers", take_real_server, in_real),
    carried(in_real, "weight", "weight", take_weight),
    lost(in_real, "notify_up", no_script, instead_of_script),
    lost(in_real, "notify_down", no_script, instead_of_script),
    carried(in_real, "uthreshold", "upper_threshold", take_upper),
    carried(in_real, "lthreshold", "lower_threshold", take_lower),

    carried(in_real, "TCP_CHECK", "check = { type = \"tcp\" }", take_checker, in_tcp),
    carried(in_real, "HTTP_GET", "check = { type = \"http\" }", take_checker, in_http),
    carried(in_real, "SSL_GET", "check = { type = \"https\" }", take_checker, in_ssl),
    carried(in_real, "SMTP_CHECK", "check = { type = \"tcp\" }", take_checker, in_smtp),
    carried(in_real, "DNS_CHECK", "check = { type = \"dns\" }", take_checker, in_dns),
    carried(in_real, "MISC_CHECK", "check = { type = \"exec\" }", take_checker, in_misc),
    carried(in_real, "UDP_CHECK", "check = { type = \"udp\" }", take_checker, in_udp),
    carried(in_real, "PING_CHECK", "check = { type = \"exec\" } with ping(8)", take_checker, in_ping),
    lost(in_real, "FILE_CHECK", "a file for a check says up, down or a weight, not a number to add",
         "check = { type = \"file\", path = \"…\" }", in_file_check),
    same(in_file_check, "track_file", "see FILE_CHECK"),
    same(in_file_check, "weight", "see FILE_CHECK"),
    same(in_file_check, "dynamic", "see FILE_CHECK"),
    lost(in_real, "BFD_CHECK", "there is no BFD", "check = \"tcp\" with a short interval", in_bfd_check),
    same(in_bfd_check, "name", "see BFD_CHECK"),

    carried(in_timed, "delay_loop", "interval of the check", take_loop),
    carried(in_timed, "connect_timeout", "timeout of the check", take_timeout),
    carried(in_timed, "retry", "fall of the check: retry + 1", take_retry),
    carried(in_http | in_ssl | in_timed, "nb_get_retry", "fall of the check: retry + 1", take_retry),
    carried(in_timed, "delay_before_retry", "nothing: a check keeps its interval when it fails", take_retry_delay),
    same(in_timed, "warmup", "probes are spread by themselves"),
    same(in_timed, "log_all_failures", "status has the last answer of each check"),
    carried(in_connecting, "connect_port", "port of the check", take_port),
    lost(in_connecting, "connect_ip", "a check asks the real server itself", by_command),
    lost(in_connecting, "bindto", own_socket, by_command),
    lost(in_connecting, "bind_if", own_socket, by_command),
    lost(in_connecting, "bind_port", own_socket, by_command),
    lost(in_connecting, "fwmark", own_socket, by_command),
    same(in_http | in_ssl, "http_protocol", "HTTP/1.1"),
    same(in_http | in_ssl, "fast_recovery", "a check asks for one path"),
    same(in_http | in_ssl, "enable_sni", "host is in the TLS handshake"),
    same(in_http | in_ssl, "tls_compliant", "a close without a farewell is accepted"),
    carried(in_http | in_ssl, "url", "the first one; see its keywords", take_url, in_url),
    carried(in_http | in_ssl, "virtualhost", "host of the check", take_host),
    carried(in_url, "path", "path", take_path),
    lost(in_url, "digest", "an answer is not hashed", expect),
    carried(in_url, "status_code", "status", take_status),
    carried(in_url, "regex", "expect, if it is plain text", take_regex),
    lost(in_url, "regex_no_match", plain_text, by_command),
    lost(in_url, "regex_options", plain_text, expect),
    lost(in_url, "regex_stack", plain_text, expect),
    lost(in_url, "regex_min_offset", plain_text, expect),
    lost(in_url, "regex_max_offset", plain_text, expect),
    same(in_url, "tls_compliant", "a close without a farewell is accepted"),
    lost(in_smtp, "helo_name", "the check ends when it is connected", by_command),
    lost(in_smtp, "host", "a check asks the real server itself", by_command, in_smtp_host),
    same(in_smtp_host, "connect_ip", "see host"),
    same(in_smtp_host, "connect_port", "see host"),
    same(in_smtp_host, "bindto", "see host"),
    same(in_smtp_host, "bind_port", "see host"),
    carried(in_dns, "type", "nothing: the query is for A", take_dns_type),
    carried(in_dns, "name", "host of the check", take_dns_name),
    carried(in_misc, "misc_path", "command", take_misc_path),
    carried(in_misc, "misc_timeout", "timeout of the check", take_misc_timeout),
    carried(in_misc, "misc_dynamic", "nothing: an exec check may set the weight; without it a shell keeps the others",
            take_misc_dynamic),
    carried(in_misc, "user", "user of the check", take_user),
    lost(in_udp, "payload", "a datagram with one line end is sent", by_command),
    lost(in_udp, "require_reply", "a UDP check without expect needs no answer", expect),
    lost(in_udp, "min_reply_length", "a UDP check without expect needs no answer", expect),
    lost(in_udp, "max_reply_length", "a UDP check without expect needs no answer", expect),

    lost(in_top, "SSL", no_client_certificate, by_command, in_tls),
    same(in_tls, "password", "see SSL"),
    same(in_tls, "ca", "see SSL"),
    same(in_tls, "certificate", "see SSL"),
    same(in_tls, "key", "see SSL"),
};

}  // namespace

std::span<const Keyword> service_keywords() { return service_rows; }

}  // namespace lbconverge::importer
