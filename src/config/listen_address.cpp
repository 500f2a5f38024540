#include "lbconverge/config/listen_address.hpp"

#include "lbconverge/config/suggestion.hpp"

namespace lbconverge::config {

namespace {

constexpr std::string_view unix_prefix = "unix:";
/// What fits into sockaddr_un::sun_path, with the NUL at its end.
constexpr std::size_t longest_path = 107;
constexpr const char* with_path = "write it as in \"unix:/run/lbconverge/metrics.sock\"";

tl::unexpected<Error> wrong(std::string what, std::string hint) {
    return fail(ErrorKind::invalid_input, std::move(what), std::move(hint));
}

Result<ListenAddress> parse_path(std::string_view path) {
    if (!path.starts_with('/')) return wrong("the path of a unix socket must be absolute", with_path);
    if (path.ends_with('/')) return wrong("this names a folder, not a socket", with_path);
    if (path.find('\0') != std::string_view::npos) return wrong("a path has no NUL", with_path);
    if (path.size() > longest_path) {
        return wrong("the path of a unix socket has " + std::to_string(longest_path) + " octets at the most, and not " +
                         std::to_string(path.size()),
                     with_path);
    }
    return ListenAddress{.path = std::string(path)};
}

}  // namespace

std::string to_text(const ListenAddress& where) {
    if (!where.path.empty()) return std::string(unix_prefix) + where.path;
    return with_port(where.address, where.port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with(unix_prefix)) return parse_path(text.substr(unix_prefix.size()));
    const auto place = parse_with_port(text);
    if (!place) {
        return wrong(in_quotes(text) + " is not an address with a port",
                     R"(write it as in "127.0.0.1:9469", "[::1]:9469" or "unix:/run/lbconverge/metrics.sock"; )"
                     "a name is not looked up");
    }
    if (place->port == 0) return wrong("nobody can find port 0", R"(choose one, as in "127.0.0.1:9469")");
    if (place->address.is_multicast()) {
        return wrong("nobody can connect to a multicast address",
                     R"(write "127.0.0.1:)" + std::to_string(place->port) + '"');
    }
    if (place->address.is_link_local() && place->address.family == Family::ipv6) {
        return wrong("a link-local address is not complete without its interface",
                     "choose another address of this host");
    }
    return ListenAddress{.address = place->address, .port = place->port};
}

}  // namespace lbconverge::config
