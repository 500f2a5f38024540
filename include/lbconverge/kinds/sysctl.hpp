// Kind sysctl: settings below /proc/sys/net. Read and written over netlink where the kernel takes it (the IPv4 settings
// of one interface), else through /proc/sys. Restorable: giving one up puts the value back that was there before.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct Sysctl {
    static constexpr std::string_view name = "sysctl";
    static constexpr std::string_view label = "sysctl";
    static constexpr bool restorable = true;

    struct Key {
        /// Where it stands in the order of writing: some settings overwrite others (see rank_of).
        std::uint8_t rank = 0;
        std::string path;  ///< below /proc/sys: "net/ipv4/conf/eth0/arp_ignore"

        explicit Key(std::string path_below_proc_sys = {});
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::string value;
        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() { return std::tuple{Field{"value", &Value::value, Show::bare}}; }
    };
    struct Facts {};

    /// "net.ipv4.conf.eth0/100.arp_ignore", as sysctl(8) writes it.
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    /// The interface that a setting belongs to; empty: to none, to all, or to those that will come.
    static InterfaceName interface_of(const Key& key);

    LBCONVERGE_KIND_FUNCTIONS(Sysctl)
    /// This kernel does not have it, or its interface is not there.
    static std::optional<Error> obstacle(const Change<Sysctl>& change, const Facts* facts, const Circumstances& at);
};

/// Whether secondary addresses stay when the primary one of their subnet goes: per interface, or "all".
Sysctl::Key promote_secondaries(const InterfaceName& interface);
/// Effective: on when it is on for the interface or for "all" (linux/inetdevice.h, IN_DEV_ORCONF); `observed` may not
/// know, and then it counts as off.
bool promotes_secondaries(const InterfaceName& interface, const Observed& observed);

/// Effective value of an IPv4 ARP setting is the larger of "all" and the interface (linux/inetdevice.h,
/// IN_DEV_MAXCONF). True when a VIP of that scope on lo is not answered for on an interface with this effective
/// arp_ignore.
bool quiet_arp_ignore(std::uint32_t effective, Scope vip_scope);
/// True when a VIP on lo does not become the sender of ARP requests on an interface with this effective arp_announce:
/// above 2 it counts as 0 (linux: arp_solicit).
bool quiet_arp_announce(std::uint32_t effective);

}  // namespace lbconverge::kinds
