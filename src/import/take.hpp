// The functions that keywords are read with, by the file that they are in. Private to import.
#pragma once

#include "interpreter.hpp"

namespace lbconverge::importer {

// take_global.cpp
void take_block(Interpreter& into, const Statement& at);  ///< a block that only holds others
void take_router_id(Interpreter& into, const Statement& at);
void take_vrrp_version(Interpreter& into, const Statement& at);
void take_script_user(Interpreter& into, const Statement& at);
void take_default_interface(Interpreter& into, const Statement& at);
void take_startup_delay(Interpreter& into, const Statement& at);
void take_realtime(Interpreter& into, const Statement& at);
void take_sync_daemon(Interpreter& into, const Statement& at);
void take_instance_sync(Interpreter& into, const Statement& at);
void take_lvs_timeouts(Interpreter& into, const Statement& at);
void take_static_routes(Interpreter& into, const Statement& at);

// take_vrrp.cpp
void take_instance(Interpreter& into, const Statement& at);
void take_state(Interpreter& into, const Statement& at);
void take_interface(Interpreter& into, const Statement& at);
void take_vrid(Interpreter& into, const Statement& at);
void take_priority(Interpreter& into, const Statement& at);
void take_advert_int(Interpreter& into, const Statement& at);
void take_version(Interpreter& into, const Statement& at);
void take_auth_type(Interpreter& into, const Statement& at);
void take_auth_pass(Interpreter& into, const Statement& at);
void take_nopreempt(Interpreter& into, const Statement& at);
void take_preempt(Interpreter& into, const Statement& at);
void take_strict(Interpreter& into, const Statement& at);
void take_preempt_delay(Interpreter& into, const Statement& at);
void take_source(Interpreter& into, const Statement& at);
void take_peers(Interpreter& into, const Statement& at);
void take_garp_delay(Interpreter& into, const Statement& at);
void take_garp_repeat(Interpreter& into, const Statement& at);
void take_garp_refresh(Interpreter& into, const Statement& at);
void take_promote(Interpreter& into, const Statement& at);
void take_addresses(Interpreter& into, const Statement& at);
void take_excluded(Interpreter& into, const Statement& at);
void take_routes(Interpreter& into, const Statement& at);
void take_group(Interpreter& into, const Statement& at);
void take_members(Interpreter& into, const Statement& at);
void take_group_weights(Interpreter& into, const Statement& at);

// take_scripts.cpp
void take_vrrp_script(Interpreter& into, const Statement& at);
void take_process(Interpreter& into, const Statement& at);
void take_file(Interpreter& into, const Statement& at);
void take_script(Interpreter& into, const Statement& at);
void take_user(Interpreter& into, const Statement& at);
void take_script_interval(Interpreter& into, const Statement& at);
void take_script_timeout(Interpreter& into, const Statement& at);
void take_rise(Interpreter& into, const Statement& at);
void take_fall(Interpreter& into, const Statement& at);
void take_track_weight(Interpreter& into, const Statement& at);
void take_process_name(Interpreter& into, const Statement& at);
void take_delay(Interpreter& into, const Statement& at);
void take_file_path(Interpreter& into, const Statement& at);
void take_track_scripts(Interpreter& into, const Statement& at);
void take_track_processes(Interpreter& into, const Statement& at);
void take_track_files(Interpreter& into, const Statement& at);
void take_track_interfaces(Interpreter& into, const Statement& at);
void take_notify(Interpreter& into, const Statement& at);
void take_notify_master(Interpreter& into, const Statement& at);
void take_notify_backup(Interpreter& into, const Statement& at);
void take_notify_fault(Interpreter& into, const Statement& at);
void take_notify_stop(Interpreter& into, const Statement& at);
/// The command of the statement, with its user.
std::optional<Script> script_of(Interpreter& into, const Statement& at);

// take_services.cpp
void take_server_group(Interpreter& into, const Statement& at);
void take_virtual_server(Interpreter& into, const Statement& at);
void take_protocol(Interpreter& into, const Statement& at);
void take_scheduler(Interpreter& into, const Statement& at);
void take_scheduler_flag(Interpreter& into, const Statement& at);
void take_forward(Interpreter& into, const Statement& at);
void take_persistence(Interpreter& into, const Statement& at);
void take_persistence_mask(Interpreter& into, const Statement& at);
void take_persistence_engine(Interpreter& into, const Statement& at);
void take_ops(Interpreter& into, const Statement& at);
void take_quorum(Interpreter& into, const Statement& at);
void take_hysteresis(Interpreter& into, const Statement& at);
void take_inhibit(Interpreter& into, const Statement& at);
void take_family(Interpreter& into, const Statement& at);
void take_sorry(Interpreter& into, const Statement& at);
void take_sorry_forward(Interpreter& into, const Statement& at);
void take_real_server(Interpreter& into, const Statement& at);
void take_weight(Interpreter& into, const Statement& at);
void take_upper(Interpreter& into, const Statement& at);
void take_lower(Interpreter& into, const Statement& at);

// take_checks.cpp
void take_checker(Interpreter& into, const Statement& at);
void take_loop(Interpreter& into, const Statement& at);
void take_timeout(Interpreter& into, const Statement& at);
void take_retry(Interpreter& into, const Statement& at);
void take_retry_delay(Interpreter& into, const Statement& at);
void take_port(Interpreter& into, const Statement& at);
void take_host(Interpreter& into, const Statement& at);
void take_url(Interpreter& into, const Statement& at);
void take_path(Interpreter& into, const Statement& at);
void take_status(Interpreter& into, const Statement& at);
void take_regex(Interpreter& into, const Statement& at);
void take_misc_path(Interpreter& into, const Statement& at);
void take_misc_timeout(Interpreter& into, const Statement& at);
void take_misc_dynamic(Interpreter& into, const Statement& at);
void take_dns_name(Interpreter& into, const Statement& at);
void take_dns_type(Interpreter& into, const Statement& at);

}  // namespace lbconverge::importer
