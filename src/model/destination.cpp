#include "lbconverge/model/destination.hpp"

namespace lbconverge {

std::string to_text(const Destination& destination) {
    return std::string(to_text(destination.protocol)) + " " + with_port(destination.vip, destination.port);
}

std::optional<Destination> parse_destination(std::string_view text) {
    const std::size_t space = text.find(' ');
    Protocol protocol = Protocol::none;
    if (space == std::string_view::npos || !from_text(text.substr(0, space), protocol)) return std::nullopt;
    const auto endpoint = parse_with_port(text.substr(space + 1));
    if (!endpoint || protocol == Protocol::none) return std::nullopt;
    return Destination{endpoint->address, protocol, endpoint->port};
}

}  // namespace lbconverge
