// A model of the node for the invariants, which follows a plan step by step. Private to src/plan.
#pragma once

#include "addresses.hpp"
#include "lbconverge/plan/plan.hpp"
#include "lbconverge/plan/safety.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lbconverge::plan {

struct ArpSettings {
    std::uint32_t ignore = 0;
    std::uint32_t announce = 0;
};

struct ServiceState {
    bool loaded = false;
    bool needed = false;  ///< I2: must be loaded with a live server while its VIP answers
    std::uint32_t live = 0;
    std::uint32_t coming = 0;  ///< steps that may still bring it a live server
    bool given_up = false;     ///< needed, but nothing can bring it one
    bool leaving = false;      ///< the plan removes it
    [[nodiscard]] bool dead() const { return needed && !given_up && (!loaded || live == 0); }
};

struct VipState {
    ElectionState elected = ElectionState::master;
    int answering = 0;  ///< interfaces other than lo that have it
    int on_lo = 0;
    Scope lo_scope = Scope::host;
    bool filtered = false;  ///< the ARP filter stands for it
    std::map<kinds::Service::Key, ServiceState> services;
    int loaded = 0;     ///< of those
    int lingering = 0;  ///< loaded, and the plan is to remove it
    int dead = 0;       ///< needed, but not loaded or without a live server
    int needed = 0;     ///< of those
    int given_up = 0;   ///< of those that are needed
    std::string why;    ///< what stood in the way of the last one that was given up
};

class Model {
public:
    Model(const Plan& plan, const kinds::Inputs& inputs);
    /// The step is carried out. The caller checks the VIPs that the step may concern.
    void follow(const Step& step);
    /// Takes back the last step that was followed.
    void undo(const Step& step);
    /// The step is not carried out. `why`: the reason for the steps that wait for it.
    void miss(const Step& step, const std::string& why);
    /// What the step needs and the node does not have.
    [[nodiscard]] std::optional<std::string> lacks(const Step& step) const;
    /// Every broken invariant of a VIP, as (invariant, what).
    void broken(const IpAddress& vip, std::vector<UnsafeStep>& out) const;
    /// Addresses that the kernel removed together with that of the last step, although no step removes them (I6).
    void carried_away(std::vector<UnsafeStep>& out) const;
    [[nodiscard]] const std::vector<const IpAddress*>& touched() const { return touched_; }
    [[nodiscard]] const std::map<IpAddress, VipState>& vips() const { return vips_; }

private:
    void change(const kinds::Change<kinds::Sysctl>& change);
    void change(const kinds::Change<kinds::ArpFilter>& change);
    void change(const kinds::Change<kinds::Address>& change);
    void change(const kinds::Change<kinds::Service>& change);
    void change(const kinds::Change<kinds::RealServer>& change);
    template <class Kind>
    void change(const kinds::Change<Kind>&) {}  // of no concern to the invariants
    void set_setting(const std::string& path, const std::string& value);
    void place(const kinds::Address::Key& key, Scope scope, int by);
    void set_filter(const kinds::ArpFilter::Key& key, const kinds::ArpFilter::Value* value);
    void set_service(VipState& vip, ServiceState& service, ServiceState next);
    void missed_server(const kinds::RealServer::Key& key, const std::string& why);
    std::pair<VipState*, ServiceState*> find(const kinds::Service::Key& key);
    void read_settings(const HostFacts& facts);
    void need_services();
    void count_steps();
    [[nodiscard]] bool is_loud(const Interface& interface, const VipState& vip) const;

    const Plan& plan_;
    const kinds::Inputs& inputs_;
    std::map<IpAddress, VipState> vips_;
    std::map<InterfaceName, ArpSettings> arp_;
    InterfaceAddresses addresses_;
    InterfaceAddresses::Carried carried_;                 ///< by the last step
    std::set<kinds::Address::Key> going_;                 ///< removed by some step of the plan
    std::map<kinds::Service::Key, std::string> missing_;  ///< services that could not be made, and why
    std::vector<const IpAddress*> touched_;
    // Steps come grouped by service: the last one found is nearly always the next one asked for.
    kinds::Service::Key last_key_{};
    std::pair<VipState*, ServiceState*> last_{};
    ServiceState last_state_{};  ///< before the last step
};

}  // namespace lbconverge::plan
