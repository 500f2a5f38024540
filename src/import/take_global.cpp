#include "take.hpp"

namespace lbconverge::importer {

void take_block(Interpreter& into, const Statement& at) { into.body(at.body); }

void take_router_id(Interpreter& into, const Statement& at) { into.node.router_id = at.word(1); }

void take_vrrp_version(Interpreter& into, const Statement& at) {
    if (const auto version = into.number(at, 1, 2, 3)) into.node.version = *version;
}

void take_script_user(Interpreter& into, const Statement& at) {
    const auto user = into.text(at, 1);
    if (user) into.node.script_user = *user;
    if (at.words.size() > 2) into.lost(at, "a command has the groups of its user", "put the user into that group");
}

void take_default_interface(Interpreter& into, const Statement& at) {
    if (const auto name = into.interface(at, 1)) into.node.default_interface = *name;
}

void take_startup_delay(Interpreter& into, const Statement& at) {
    if (const auto delay = into.duration(at, 1, 0, 1000)) into.node.startup_delay = *delay;
}

void take_realtime(Interpreter& into, const Statement& at) {
    if (const auto priority = into.number(at, 1, 1, 99)) into.node.realtime_priority = *priority;
}

/// lvs_sync_daemon INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]
void take_sync_daemon(Interpreter& into, const Statement& at) {
    const auto interface = into.interface(at, 1);
    if (!interface) return;
    SyncDaemonEntry entry;
    entry.place = at.place;
    entry.interface = *interface;
    for (std::size_t i = 2; i < at.words.size(); ++i) {
        const std::string_view word = at.word(i);
        std::string* const value = word == "inst"    ? &entry.follow
                                   : word == "id"    ? &entry.id
                                   : word == "group" ? &entry.group
                                   : word == "port"  ? &entry.port
                                   : word == "ttl"   ? &entry.ttl
                                                     : nullptr;
        if (value != nullptr) {
            *value = at.word(++i);
        } else if (word == "maxlen") {
            ++i;
            into.lost(at, "maxlen: the kernel takes the largest packet that fits", "nothing is needed");
        } else if (i == 2) {
            entry.follow = word;
        } else if (i == 3) {
            entry.id = word;
        } else {
            into.broken(at, quoted(word) + " means nothing here");
        }
    }
    into.node.sync = std::move(entry);
}

/// The obsolete form, in an instance; the first one counts.
void take_instance_sync(Interpreter& into, const Statement& at) {
    const auto interface = into.interface(at, 1);
    if (!interface) return;
    if (into.node.sync) return into.lost(at, "the kernel has one sync daemon, and it is named already", "[ipvs.sync]");
    SyncDaemonEntry entry;
    entry.place = at.place;
    entry.interface = *interface;
    entry.follow = into.instance->name;
    entry.id = "0";  // not the VRID, as with the word of global_defs
    into.node.sync = std::move(entry);
}

void take_lvs_timeouts(Interpreter& into, const Statement& at) {
    for (std::size_t i = 1; i + 1 < at.words.size(); i += 2) {
        const std::string_view word = at.word(i);
        if (word != "tcp" && word != "tcpfin" && word != "udp") {
            into.broken(at, quoted(word) + " is none of tcp, tcpfin and udp");
            return;
        }
        const auto value = into.number(at, i + 1, 0, 2147483);
        if (value && *value != 0) into.node.timeouts[word == "tcpfin" ? "tcp_fin" : std::string(word)] = *value;
    }
}

}  // namespace lbconverge::importer
