// Functions that several rules use: questions about the host, answered from the evidence, and parts of cures. Private
// to src/doctor.
#pragma once

#include "keepalived.hpp"
#include "lbconverge/doctor/doctor.hpp"
#include "lbconverge/model/setting.hpp"

#include <functional>
#include <span>

namespace lbconverge::doctor {

using kinds::Address;
using kinds::Service;
using kinds::Sysctl;

/// A setting below /proc/sys and the value that it should have.
struct WantedSysctl {
    std::string path;
    std::string value;
};

/// An IPVS real server with its service.
struct PoolMember {
    const Row<Service>* service = nullptr;
    const Row<kinds::RealServer>* server = nullptr;
};

/// A port on which this real server gets packets for a VIP.
struct ServedPort {
    IpAddress vip;
    Protocol protocol = Protocol::tcp;
    std::uint16_t port = 0;
    bool by_file = false;  ///< the configuration names it; else it is a usual port
};

class HostView {
public:
    explicit HostView(const Evidence& evidence);

    const Evidence& evidence;
    const kinds::Observed& kernel;
    const std::set<IpAddress> vips;
    const Keepalived keepalived;

    // Settings
    [[nodiscard]] std::optional<std::uint32_t> number(const std::string& path) const;
    [[nodiscard]] bool is(const std::string& path, std::uint32_t value) const { return number(path) == value; }
    /// The larger value of "all" and the interface (linux/inetdevice.h, IN_DEV_MAXCONF).
    [[nodiscard]] std::uint32_t larger(const InterfaceName& interface, const std::string& name) const;

    // Addresses
    [[nodiscard]] std::vector<const Row<Address>*> places(const IpAddress& address) const;
    [[nodiscard]] bool on_lo(const IpAddress& address) const;
    /// The first interface but lo that has the address, or nullptr.
    [[nodiscard]] const Row<Address>* on_interface(const IpAddress& address) const;
    /// Packets to the address are for this host.
    [[nodiscard]] bool is_local(const IpAddress& address) const;
    /// The VIP is expected on another node now: there is an election, and this node is not known to have won it.
    [[nodiscard]] bool may_be_elsewhere(const IpAddress& vip) const;
    /// Where ARP requests for a VIP of lo arrive.
    [[nodiscard]] std::vector<const Interface*> answering(const IpAddress& vip) const;
    /// A node's own address on that interface: not a VIP, not on lo.
    [[nodiscard]] bool is_own(const Row<Address>& row) const;
    [[nodiscard]] const Interface* interface(const InterfaceName& name) const { return kernel.facts.interface(name); }
    /// The most specific route, or nullptr.
    [[nodiscard]] const RouteEntry* route_to(const IpAddress& address) const;
    /// The interface of a VIP's network: where the file puts it, where it is, or where packets to it would leave.
    [[nodiscard]] InterfaceName interface_of(const IpAddress& vip) const;

    // IPVS
    void each_server(const std::function<void(const PoolMember&)>& visit) const;
    [[nodiscard]] bool balances() const { return !kernel.get<Service>().empty(); }

    // The file
    [[nodiscard]] const config::Config* config() const { return evidence.config ? &*evidence.config : nullptr; }
    [[nodiscard]] const config::Vip* configured(const IpAddress& vip) const;
    /// The services of which this node is a real server, and its ports.
    [[nodiscard]] std::vector<ServedPort> served() const;

    // Cures
    [[nodiscard]] Cure apply() const;
    /// The command apply, if it would change one of these settings; else sysctl(8).
    [[nodiscard]] Cure set(std::span<const WantedSysctl> settings) const;
    [[nodiscard]] Cure set(std::initializer_list<WantedSysctl> settings) const {
        return set(std::span(settings.begin(), settings.size()));
    }
    /// apply, if the file and the kernel differ about this address; else the command.
    [[nodiscard]] Cure mend_address(const IpAddress& address, std::string command) const;
    /// apply, if the file has the service; else the command.
    [[nodiscard]] Cure mend_service(const Service::Key& service, std::string command) const;

private:
    kinds::Desired desired_;
};

/// "192.168.100.20/32 dev lo"
std::string text_of(const Row<Address>& row);
/// "-t 192.168.100.20:80", "-f 7", "-f 7 -6": as ipvsadm(8) names a service.
std::string ipvsadm_of(const Service::Key& key);
/// "-g", "-i" or "-m"
std::string ipvsadm_of(Forward forward);
std::string id_of(const PoolMember& member);

inline Cure command(std::string text) { return {CureKind::command, std::move(text)}; }
inline Cure line(std::string text) { return {CureKind::line, std::move(text)}; }
inline Cure advice(std::string text) { return {CureKind::advice, std::move(text)}; }

}  // namespace lbconverge::doctor
