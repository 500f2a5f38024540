#include "lbconverge/kinds/link.hpp"

#include "messages.hpp"
#include "unit/world.hpp"

#include <doctest/doctest.h>

#include <cerrno>

namespace lbconverge::kinds {

namespace {

using test::key;
using test::rows_text;
using test::world;

std::string shared(const std::string& forward, const std::string& more = "") {
    return R"(
        interface = "eth0"
        vips = ["192.0.2.20", "2001:db8::20"]
        [nodes]
        lb = { role = "director", address = "192.0.2.1" }
        ws = { role = "real-server", address = "192.0.2.3" }
        other = { role = "real-server", address = "192.0.2.4" }
        [[service]]
        vip = "192.0.2.20"
        port = 80
        real_servers = [{ address = "ws", forward = "$"$ }, "other"]
    )"_with(forward, more);
}

std::string rows(const std::string& toml, const std::string& node = "") {
    return rows_text(world(toml, {}, node).desired().get<Link>().rows);
}

}  // namespace

TEST_CASE("a real server whose directors reach it by a tunnel has the tunnel device up") {
    CHECK(rows(shared("tunnel"), "ws") == "tunl0 up=true\n");
    CHECK(rows(shared("tunnel"), "other").empty());
    CHECK(rows(shared("tunnel"), "lb").empty());
    CHECK(rows(shared("direct"), "ws").empty());
    CHECK(rows(shared("tunnel", R"(, tunnel_type = "gre")"), "ws").empty());
}

TEST_CASE("a file of one real server says it by its services") {
    const std::string own = R"(
        role = "real-server"
        vips = ["2001:db8::20"]
        [[service]]
        vip = "2001:db8::20"
        port = 80
        forward = "tunnel"
        real_servers = ["2001:db8::3"]
    )"_text;
    CHECK(rows(own) == "ip6tnl0 up=true\n");
}

TEST_CASE("rp_filter is off on the device and on all, unless the file says otherwise") {
    const auto settings = [](const std::string& toml) {
        std::string text;
        const auto node = world(toml, {}, "ws");
        const Desired desired = node.desired();
        for (const auto& row : desired.get<Sysctl>().rows.rows()) {
            if (row.key.path.ends_with("rp_filter")) text += Sysctl::id(row.key) + "=" + row.value.value + " ";
        }
        return text;
    };
    CHECK(settings(shared("tunnel")) == "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0 ");
    CHECK(settings(shared("direct")).empty());
    CHECK(settings(R"(
        sysctl = { "net.ipv4.conf.all.rp_filter" = 2 }
    )"_text + shared("tunnel")) == "net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.tunl0.rp_filter=0 ");
}

TEST_CASE("what is there is read from the interfaces; a device that is not there yet is down") {
    Observed observed;
    observed.facts = test::plain_facts();
    observed.facts.interfaces[3].name = "tunl0";
    wire::Requests requests;
    Link::ask({}, observed, requests);
    observed.get<Link>().finish();
    CHECK(requests.empty());
    CHECK(rows_text(observed.get<Link>()) == "ip6tnl0\ntunl0 up=true\n");
}

TEST_CASE("a device that is not there is asked for by its kind, which loads the module") {
    const Link::Value down{false};
    const Link::Value up{true};
    CHECK(test::encoded<Link>({key<Link>("tunl0"), &down, &up}) ==
          "00000000000000000100000001000000"
          "0a00030074756e6c30000000"
          "100012800900010069706970"
          "00000000\n");
}

TEST_CASE("one that is there is named by its index") {
    HostFacts facts = test::plain_facts();
    facts.interfaces[3].name = "tunl0";
    const Link::Value down{false};
    const Link::Value up{true};
    CHECK(test::encoded<Link>({key<Link>("tunl0"), &down, &up}, facts) == "00000000040000000100000001000000\n");
    CHECK(test::encoded<Link>({key<Link>("tunl0"), &up, &down}, facts) == "00000000040000000000000001000000\n");
}

TEST_CASE("the device comes before the VIP and goes after it") {
    const auto node = world(shared("tunnel"), {}, "ws");
    const Link::Value value;
    CHECK(Link::phase({key<Link>("tunl0"), &value, &value}, node.inputs()) == Phase::tighten);
    CHECK(Link::phase({key<Link>("tunl0"), &value, &value, Cause::restore}, node.inputs()) == Phase::relax);
}

TEST_CASE("only the kernel's own tunnel devices are links of ours; a refusal names the module") {
    CHECK(Link::id(key<Link>("ip6tnl0")) == "ip6tnl0");
    CHECK_FALSE(Link::parse_id("eth0"));
    CHECK_FALSE(Link::parse_id("a name that is too long"));
    const Error lacks = Link::refusal({key<Link>("tunl0"), nullptr, nullptr}, EOPNOTSUPP);
    CHECK(lacks.kind == ErrorKind::kernel_lacks);
    CHECK(lacks.hint.starts_with("modprobe ipip;"));
    CHECK(Link::refusal({key<Link>("tunl0"), nullptr, nullptr}, EPERM).kind == ErrorKind::not_permitted);
}

}  // namespace lbconverge::kinds
