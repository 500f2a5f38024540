// The words of a command of ipvsadm. Private to import.
#pragma once

#include "remarks.hpp"

#include <optional>

namespace lbconverge::importer::ipvsadm {

/// What an option does here. Those of one place exclude each other.
enum class Option : std::uint8_t {
    add_service,
    edit_service,
    delete_service,
    add_server,
    edit_server,
    delete_server,
    clear,
    restore,
    zero,
    set,
    start_daemon,
    stop_daemon,
    tcp,
    udp,
    sctp,
    fwmark,
    ipv6,
    scheduler,
    persistent,
    netmask,
    engine,
    flags,
    one_packet,
    server,
    direct,
    tunnel,
    masquerade,
    tunnel_type,
    tunnel_port,
    no_checksum,
    checksum,
    remote_checksum,
    weight,
    upper,
    lower,
    interface,
    sync_id,
    sync_length,
    sync_group,
    sync_port,
    sync_ttl,
    list,
    numeric,
};

/// A word of a command, understood.
struct GivenOption {
    Option option;
    std::string word;  ///< as it is written
    std::string value;
};

/// The options of a command in their order; nullopt: ipvsadm refuses it, which is said.
std::optional<std::vector<GivenOption>> options_of(const std::vector<std::string>& words, Place at, Remarks& remarks);

/// The number that is all of the text.
std::optional<std::uint32_t> number_of(std::string_view text);

}  // namespace lbconverge::importer::ipvsadm
