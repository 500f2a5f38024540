// No enumerator goes without a name. C++20 cannot list enumerators, but a compiler prints one by its name and any other
// number as a cast. Here, since only cli sees the enumerations of all folders.
#include "lbconverge/model/enum_names.hpp"

#include "lbconverge/config/config.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/health.hpp"
#include "lbconverge/metrics/text.hpp"
#include "lbconverge/node/node.hpp"
#include "lbconverge/plan/plan.hpp"
#include "lbconverge/sim/fault.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace lbconverge {

namespace {

template <auto value>
constexpr bool is_enumerator() {
    const std::string_view function = __PRETTY_FUNCTION__;
    return function[function.find("value = ") + 8] != '(';
}

template <class E, std::size_t... number>
constexpr bool all_named(std::index_sequence<number...>) {
    return ((!is_enumerator<static_cast<E>(number)>() || to_text(static_cast<E>(number)) != "?") && ...);
}

template <class E>
void check_names_of() {
    INFO("the enumeration with ", std::string(names_of(E{})[0].name));
    CHECK(all_named<E>(std::make_index_sequence<256>{}));
}

template <class... E>
void check_names() {
    (check_names_of<E>(), ...);
}

enum class Forgetful : std::uint8_t { named, forgotten };
constexpr auto names_of(Forgetful) { return enum_names<Forgetful>({{Forgetful::named, "named"}}); }

}  // namespace

TEST_CASE("every enumerator has a name") {
    CHECK_FALSE(all_named<Forgetful>(std::make_index_sequence<256>{}));
    check_names<Role, Forward, TunnelType, Protocol, Scope, ElectionState, Family, AuthMode>();
    check_names<config::Accept, config::ArpMethod, config::Active, config::OnDown, config::OnExit, config::Checksum,
                config::CheckType, config::TrackType>();
    check_names<kinds::Action, kinds::Phase, kinds::Liveness, kinds::SyncState, kinds::TimeoutName, plan::Reason>();
    check_names<wire::VrrpRefusal, vrrp::State, vrrp::Drop, vrrp::TransitionReason, metrics::Condition,
                metrics::MetricType, node::TrackOpinion, node::HookState, node::Lane, sim::FaultKind>();
}

}  // namespace lbconverge
