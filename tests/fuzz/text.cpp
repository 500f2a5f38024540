// Any text as an address, an id or a value: what is accepted is written again, and that is read as the same.
#include "lbconverge/kinds/all.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace lbconverge;
using namespace lbconverge::kinds;

namespace {

template <class T>
void value_again(std::string_view text) {
    T first{};
    if (!from_text(text, first)) return;
    T second{};
    if (!from_text(to_text(first), second) || !(first == second)) std::abort();
}

void addresses_again(std::string_view text) {
    if (const auto first = parse_with_port(text)) {
        const auto second = parse_with_port(with_port(first->address, first->port));
        if (!second || second->address != first->address || second->port != first->port) std::abort();
    }
    if (const auto first = parse_with_prefix(text)) {
        const auto second = parse_with_prefix(to_text(first->address) + "/" + std::to_string(first->prefix));
        if (!second || second->address != first->address || second->prefix != first->prefix) std::abort();
        if (first->prefix > first->address.bits() || !first->address.in_same_net(second->address, first->prefix))
            std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for_each_kind([&]<class Kind>() {
        const auto first = Kind::parse_id(text);
        if (!first) return;
        const auto second = Kind::parse_id(Kind::id(*first));
        if (!second || !(*second == *first)) std::abort();
    });
    value_again<IpAddress>(text);
    value_again<ServiceFlags>(text);
    value_again<Netmask>(text);
    value_again<InterfaceName>(text);
    value_again<std::uint16_t>(text);
    value_again<std::optional<IpAddress>>(text);
    addresses_again(text);
    return 0;
}
