#include "lbconverge/model/enumerations.hpp"

#include "lbconverge/model/address.hpp"

#include <array>
#include <utility>

namespace lbconverge {

namespace {

template <class T>
struct Term {
    std::string_view text;
    T value;
};

// One table per type is both directions at once, so that what is written can always be read again.
template <class T>
constexpr auto terms = 0;
template <>
constexpr auto terms<Role> = std::array{Term<Role>{"director", Role::director},
                                        Term<Role>{"real-server", Role::real_server}, Term<Role>{"both", Role::both}};
template <>
constexpr auto terms<Forward> =
    std::array{Term<Forward>{"direct", Forward::direct}, Term<Forward>{"tunnel", Forward::tunnel},
               Term<Forward>{"masquerade", Forward::masquerade}, Term<Forward>{"local", Forward::local},
               Term<Forward>{"bypass", Forward::bypass}};
template <>
constexpr auto terms<TunnelType> =
    std::array{Term<TunnelType>{"ipip", TunnelType::ipip}, Term<TunnelType>{"gue", TunnelType::gue},
               Term<TunnelType>{"gre", TunnelType::gre}};
template <>
constexpr auto terms<Protocol> =
    std::array{Term<Protocol>{"tcp", Protocol::tcp}, Term<Protocol>{"udp", Protocol::udp},
               Term<Protocol>{"sctp", Protocol::sctp}, Term<Protocol>{"none", Protocol::none}};
template <>
constexpr auto terms<Scope> = std::array{Term<Scope>{"global", Scope::global}, Term<Scope>{"site", Scope::site},
                                         Term<Scope>{"link", Scope::link}, Term<Scope>{"host", Scope::host}};
template <>
constexpr auto terms<ElectionState> = std::array{Term<ElectionState>{"backup", ElectionState::backup},
                                                 Term<ElectionState>{"master", ElectionState::master},
                                                 Term<ElectionState>{"undecided", ElectionState::undecided},
                                                 Term<ElectionState>{"yielding", ElectionState::yielding}};
template <>
constexpr auto terms<Family> = std::array{Term<Family>{"ipv4", Family::ipv4}, Term<Family>{"ipv6", Family::ipv6}};

/// A number that is no term can only come from a kernel that knows more than we do.
template <class T>
std::string_view text_of(T value) {
    for (const Term<T>& term : terms<T>) {
        if (term.value == value) return term.text;
    }
    return "?";
}

template <class T>
bool value_of(std::string_view text, T& value) {
    for (const Term<T>& term : terms<T>) {
        if (term.text != text) continue;
        value = term.value;
        return true;
    }
    return false;
}

}  // namespace

std::string_view to_text(Role role) { return text_of(role); }
std::string_view to_text(Forward forward) { return text_of(forward); }
std::string_view to_text(TunnelType type) { return text_of(type); }
std::string_view to_text(Protocol protocol) { return text_of(protocol); }
std::string_view to_text(Scope scope) { return text_of(scope); }
std::string_view to_text(ElectionState state) { return text_of(state); }
std::string_view to_text(Family family) { return text_of(family); }

bool from_text(std::string_view text, Role& role) { return value_of(text, role); }
bool from_text(std::string_view text, Forward& forward) { return value_of(text, forward); }
bool from_text(std::string_view text, TunnelType& type) { return value_of(text, type); }
bool from_text(std::string_view text, Protocol& protocol) { return value_of(text, protocol); }
bool from_text(std::string_view text, Scope& scope) { return value_of(text, scope); }
bool from_text(std::string_view text, ElectionState& state) { return value_of(text, state); }
bool from_text(std::string_view text, Family& family) { return value_of(text, family); }

}  // namespace lbconverge
