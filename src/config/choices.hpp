// The words of the file's enumerations and what they mean: one list per enumeration. Private to config.
#pragma once

#include "lbconverge/config/config.hpp"
#include "reader.hpp"

namespace lbconverge::config::choices {

constexpr Choice<Role> role[] = {
    {"director", Role::director}, {"real-server", Role::real_server}, {"both", Role::both}};
constexpr Choice<Accept> accept[] = {
    {"loopback", Accept::loopback}, {"interface", Accept::interface}, {"redirect", Accept::redirect}};
constexpr Choice<Scope> scope[] = {
    {"global", Scope::global}, {"site", Scope::site}, {"link", Scope::link}, {"host", Scope::host}};
constexpr Choice<ArpMethod> arp_method[] = {
    {"sysctl", ArpMethod::sysctl}, {"filter", ArpMethod::filter}, {"none", ArpMethod::none}};
constexpr Choice<Protocol> protocol[] = {{"tcp", Protocol::tcp}, {"udp", Protocol::udp}, {"sctp", Protocol::sctp}};
constexpr Choice<Family> family[] = {{"ipv4", Family::ipv4}, {"ipv6", Family::ipv6}};
constexpr Choice<Forward> forward[] = {
    {"direct", Forward::direct}, {"tunnel", Forward::tunnel}, {"masquerade", Forward::masquerade}};
constexpr Choice<TunnelType> tunnel_type[] = {
    {"ipip", TunnelType::ipip}, {"gue", TunnelType::gue}, {"gre", TunnelType::gre}};
constexpr Choice<std::uint8_t> tunnel_checksum[] = {{"none", 0}, {"checksum", 1}, {"remote", 2}};
constexpr Choice<OnDown> on_down[] = {{"drain", OnDown::drain}, {"remove", OnDown::remove}};
constexpr Choice<Active> active[] = {{"always", Active::always}, {"master", Active::master}};
constexpr Choice<CheckType> check_type[] = {
    {"none", CheckType::none}, {"tcp", CheckType::tcp}, {"http", CheckType::http}, {"https", CheckType::https},
    {"udp", CheckType::udp},   {"dns", CheckType::dns}, {"exec", CheckType::exec}, {"file", CheckType::file}};
constexpr Choice<Checksum> checksum[] = {{"pseudo-header", Checksum::pseudo_header}, {"message", Checksum::message}};
constexpr Choice<bool> on_exit[] = {{"release-vips", true}, {"keep", false}};

/// The word for a value.
template <class T, std::size_t N>
constexpr std::string_view word_of(const Choice<T> (&list)[N], T value) {
    for (const Choice<T>& choice : list) {
        if (choice.value == value) return choice.word;
    }
    return "?";
}

}  // namespace lbconverge::config::choices
