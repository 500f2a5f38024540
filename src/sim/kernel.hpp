// The kernel of a simulated node: what it holds, and what a change does to it. A simpler one than that of the tests,
// since here it is the election that is looked at. Private to src/sim.
#pragma once

#include "lbconverge/plan/plan.hpp"

namespace lbconverge::sim {

class SimulatedKernel {
public:
    /// As after booting: interfaces with the node's own addresses, and settings at 0.
    SimulatedKernel(const config::Config& config, std::size_t node);

    [[nodiscard]] HostFacts facts() const;
    [[nodiscard]] std::shared_ptr<const kinds::Observed> observe(const kinds::Reading& reading,
                                                                 const HostFacts& facts) const;
    /// One step: 0 or errno.
    int execute(const plan::Plan& plan, const plan::Step& step);

    /// On an interface that answers for it.
    [[nodiscard]] bool answers_for(const IpAddress& address) const;
    void set_carrier(const InterfaceName& interface, bool carrier);
    /// Gone with its addresses; when it comes back it is another interface, with the node's own addresses.
    void set_present(const InterfaceName& interface, bool present);
    [[nodiscard]] bool present(const InterfaceName& interface) const;
    /// Addresses that it does not take.
    void refuse(std::vector<IpAddress> addresses) { refused_ = std::move(addresses); }
    [[nodiscard]] bool refuses(const IpAddress& address) const;
    [[nodiscard]] bool carrier(const InterfaceName& interface) const;
    /// Those that stand for election are on one of these.
    [[nodiscard]] const std::vector<InterfaceName>& links() const { return links_; }
    [[nodiscard]] const kinds::Observed& state() const { return state_; }

private:
    void add_link(const InterfaceName& name, const config::Config& config, std::size_t node);
    void add_address(const IpAddress& address, const InterfaceName& interface);
    void add_settings(const config::Config& config);
    int set(const kinds::Change<kinds::Sysctl>& change);
    int set(const kinds::Change<kinds::Link>& change);
    int set(const kinds::Change<kinds::Address>& change);
    int set(const kinds::Change<kinds::Service>& change);
    int set(const kinds::Change<kinds::RealServer>& change);
    int set(const kinds::Change<kinds::Timeouts>& change);
    /// Kinds of which the simulation needs to know nothing special.
    template <class Kind>
    int set(const kinds::Change<Kind>& change) {
        return put(change);
    }
    template <class Kind>
    int put(const kinds::Change<Kind>& change);

    kinds::Observed state_;
    std::vector<InterfaceName> links_;
    std::vector<std::pair<Interface, std::vector<Row<kinds::Address>>>> away_;  ///< interfaces that are gone
    std::uint32_t last_index_ = 1000;
    std::vector<IpAddress> refused_;
};

}  // namespace lbconverge::sim
