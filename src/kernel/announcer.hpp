// Sends gratuitous ARP and neighbour advertisements. Private to src/kernel.
#pragma once

#include "lbconverge/model/host_facts.hpp"
#include "lbconverge/plan/announcement.hpp"

#include <cstdint>
#include <map>
#include <span>

namespace lbconverge::kernel {

class Announcer {
public:
    Announcer() = default;
    ~Announcer();
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    plan::Told announce(std::span<const plan::Announcement> announcements, const HostFacts& facts);

private:
    int socket_of(std::uint32_t interface);
    void forget_gone(const HostFacts& facts);

    /// One for each interface, by its number: what a slow device has not sent yet counts against its socket.
    std::map<std::uint32_t, int> sockets_;
};

}  // namespace lbconverge::kernel
