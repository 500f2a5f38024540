// What a keepalived.conf says, as far as it matters for the mistakes. Private to src/doctor.
#pragma once

#include "lbconverge/doctor/evidence.hpp"

#include <span>

namespace lbconverge::doctor {

struct Keepalived {
    /// Something that stands at a line of the file.
    struct At {
        std::string path;
        std::size_t line = 0;  ///< from 1
    };
    struct VrrpInstance {
        std::string name;
        InterfaceName interface;
        std::uint8_t vrid = 0;
        std::vector<IpAddress> vips;  ///< of virtual_ipaddress: those that are advertised
        At at;
    };
    struct Server {
        IpAddress vip, address;
        std::uint16_t vip_port = 0, port = 0;
        std::string kind;  ///< "DR", "TUN", "NAT"; keepalived's default is NAT
        At at;
    };
    struct Scheduler {
        std::string name;
        At at;
    };
    /// A line that gives this host an address while it is master.
    struct Owned {
        IpAddress address;
        At at;
    };
    std::vector<VrrpInstance> instances;
    std::vector<Owned> owned;
    std::vector<Server> servers;
    std::vector<Scheduler> schedulers;

    [[nodiscard]] bool owns(const IpAddress& address) const;
};

Keepalived parse_keepalived(std::span<const TextFile> files);

}  // namespace lbconverge::doctor
