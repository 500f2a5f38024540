// What of the host concerns a node: the interfaces that its file names, its VIPs, its routes and their gateways. Other
// programs may make and remove interfaces, addresses and routes by the thousand; nobody looks because of these.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace lbconverge::kernel {

struct Concern {
    std::shared_ptr<const config::Config> config{};  ///< the file from which it follows
    std::vector<InterfaceName> interfaces{};         ///< sorted
    bool all_interfaces = false;                     ///< those that the file does not name, too
    std::vector<IpAddress> vips{};                   ///< sorted
    std::vector<IpAddress> gateways{};
    std::vector<kinds::Route::Key> routes{};  ///< sorted

    [[nodiscard]] bool names(const InterfaceName& interface) const;
};
Concern concern_of(std::shared_ptr<const config::Config> config);

/// What notifications of rtnetlink mean to the node.
struct Notice {
    bool disturbed = false;  ///< what the node has converged may not be so any more
    bool moved = false;      ///< interfaces or addresses have changed
    bool elsewhere = false;  ///< moved, and on an interface that the file does not name

    Notice& operator|=(const Notice& other);
    bool operator==(const Notice&) const = default;
};

/// Judges notifications. It knows the concerned interfaces by their indices, and what was last said of each: a kernel
/// repeats itself whenever something is made on top of an interface.
class Judge {
public:
    explicit Judge(Concern concern) : concern_(std::move(concern)) {}

    [[nodiscard]] const Concern& concern() const { return concern_; }
    /// Interfaces with one of the VIPs, or in the net of a gateway, concern the node as well.
    void learn(const kinds::Observed& seen);
    /// `messages`: one datagram.
    Notice judge(std::span<const std::byte> messages);

private:
    Notice judge_link(std::span<const std::byte> message);
    [[nodiscard]] Notice judge_address(std::span<const std::byte> message) const;
    [[nodiscard]] Notice judge_route(std::span<const std::byte> message) const;
    [[nodiscard]] Notice judge_settings(std::span<const std::byte> message) const;
    [[nodiscard]] Notice notice_on(std::uint32_t index) const;
    [[nodiscard]] bool matters(const IpAddress& address, std::uint8_t prefix) const;

    /// What is compared of a message about a link.
    struct Said {
        Interface is;
        std::uint32_t mtu = 0;  ///< one that is too small takes the addresses and the memberships away
        bool operator==(const Said&) const = default;
    };

    Concern concern_;
    std::map<std::uint32_t, bool> known_;  ///< concerned interfaces by index: does the file name it?
    std::map<std::uint32_t, Said> said_;
};

}  // namespace lbconverge::kernel
