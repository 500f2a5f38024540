#include "announcer.hpp"

#include "lbconverge/model/setting.hpp"
#include "lbconverge/wire/announcement.hpp"
#include "setting_file.hpp"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace lbconverge::kernel {

namespace {

/// The kernel's own advertisements say router where it forwards (linux: ndisc_send_na), and so do ours.
bool is_router(const InterfaceName& interface) {
    const auto text = read_setting(setting_path(interface, "forwarding", Family::ipv6));
    return text && !text->starts_with('0');
}

struct Frames {
    const plan::Announcement* of = nullptr;
    std::uint32_t interface = 0;
    int socket = -1;
    std::uint32_t left = 0;
    std::vector<std::byte> bytes{};
};

/// 0 or errno.
int send_one(const Frames& frames) {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(frames.interface);
    const auto sent = ::sendto(frames.socket, frames.bytes.data(), frames.bytes.size(), MSG_DONTWAIT,
                               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return sent < 0 ? errno : 0;
}

/// The socket has as many frames under way as it may have, or the device's queue is full.
bool has_no_room(int error) { return error == EAGAIN || error == ENOBUFS || error == ENOMEM; }

/// The first frame of each, then the second, and so on. After a frame for which there is no room, that interface gets
/// no others, which might be taken before it.
void send_in_rounds(std::vector<Frames>& all, std::string& why) {
    std::set<std::uint32_t> full;
    for (bool more = true; std::exchange(more, false);) {
        for (Frames& each : all) {
            if (each.left == 0 || full.contains(each.interface)) continue;
            const int error = send_one(each);
            if (has_no_room(error)) {
                full.insert(each.interface);
                continue;
            }
            if (error != 0 && why.empty()) why = std::strerror(error);
            each.left = error == 0 ? each.left - 1 : 0;
            more = true;
        }
    }
}

}  // namespace

Announcer::~Announcer() {
    for (const auto& [interface, fd] : sockets_) ::close(fd);
}

void Announcer::forget_gone(const HostFacts& facts) {
    std::erase_if(sockets_, [&](const auto& each) {
        const bool gone = facts.interface(each.first) == nullptr;
        if (gone) ::close(each.second);
        return gone;
    });
}

int Announcer::socket_of(std::uint32_t interface) {
    const auto known = sockets_.find(interface);
    if (known != sockets_.end()) return known->second;
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);  // 0: sends only, receives nothing
    if (fd >= 0) sockets_.emplace(interface, fd);
    return fd;
}

plan::Told Announcer::announce(std::span<const plan::Announcement> announcements, const HostFacts& facts) {
    forget_gone(facts);
    plan::Told told;
    std::vector<Frames> all;
    std::map<InterfaceName, bool> routers;
    for (const plan::Announcement& each : announcements) {
        const Interface* interface = facts.interface(each.interface);
        if (interface == nullptr) {  // it was made just now
            told.untaken.push_back(each);
            continue;
        }
        if (interface->link_address == wire::LinkAddress{}) continue;
        const int fd = socket_of(interface->index);
        if (fd < 0) {
            told.why = std::string("packet socket: ") + std::strerror(errno);
            continue;
        }
        const bool ipv6 = each.address.family == Family::ipv6;
        if (ipv6 && !routers.contains(each.interface)) routers[each.interface] = is_router(each.interface);
        const bool router = ipv6 && routers[each.interface];
        all.push_back({&each, interface->index, fd, each.count,
                       wire::announcement(each.address, interface->link_address, router)});
    }
    send_in_rounds(all, told.why);
    for (const Frames& each : all) {
        if (each.left > 0) told.untaken.push_back({each.of->address, each.of->interface, each.left});
    }
    return told;
}

}  // namespace lbconverge::kernel
