// Evidence written down line by line. Only for tests.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/doctor/doctor.hpp"
#include "lbconverge/model/setting.hpp"
#include "support/ip.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace lbconverge::doctor {

using test::ip;

/// A host with lo and one interface eth0 that has 192.0.2.3/24, and default settings.
class Host {
public:
    Host() : kernel_(std::make_shared<kinds::Observed>()) {
        kernel_->facts.interfaces = {{.index = 1, .name = "lo", .up = true, .loopback = true}};
        interface("eth0", 2);
        address("192.0.2.3/24", "eth0");
        for (const char* name : {"all", "lo"}) quiet_off(name);
    }

    Host& interface(const char* name, std::uint32_t index) {
        kernel_->facts.interfaces.push_back({.index = index,
                                             .name = name,
                                             .up = true,
                                             .speaks_arp = true,
                                             .link_address = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(index)}});
        quiet_off(name);
        return *this;
    }
    Host& address(const char* text, const char* interface, Scope scope = Scope::global, std::uint32_t flags = 0) {
        const auto net = parse_with_prefix(text).value();
        kernel_->get<kinds::Address>().add({net.address, net.prefix, interface}, {.scope = scope}, {.flags = flags});
        return *this;
    }
    Host& set(const std::string& path, const std::string& value) {
        kernel_->get<kinds::Sysctl>().put(kinds::Sysctl::Key(path), {value});
        return *this;
    }
    Host& arp(const InterfaceName& interface, int ignore, int announce) {
        set(setting_path(interface, "arp_ignore"), std::to_string(ignore));
        return set(setting_path(interface, "arp_announce"), std::to_string(announce));
    }
    Host& service(const char* id, kinds::Service::Value value = {.scheduler = "wlc"}) {
        kernel_->get<kinds::Service>().add(kinds::Service::parse_id(id).value(), value);
        return *this;
    }
    Host& server(const char* id, Forward forward = Forward::direct, std::uint32_t weight = 1,
                 kinds::RealServer::Facts facts = {}) {
        kernel_->get<kinds::RealServer>().add(kinds::RealServer::parse_id(id).value(),
                                              {.forward = forward, .weight = weight}, facts);
        return *this;
    }
    Host& sync_daemon(kinds::SyncState state) {
        kernel_->get<kinds::SyncDaemon>().add({state}, {.interface = "eth0"});
        return *this;
    }
    Host& route(const char* net, const char* via, const char* interface, bool local = false) {
        const auto to = parse_with_prefix(net).value();
        all.routes.push_back({to.address, to.prefix, via == nullptr ? std::nullopt : IpAddress::parse(via),
                              InterfaceName(interface), local});
        return *this;
    }
    Host& file(const std::string& path, const std::string& text) {
        std::istringstream in(text);
        TextFile& made = all.files.emplace_back();
        made.path = path;
        for (std::string line; std::getline(in, line);) made.lines.push_back(line);
        return *this;
    }
    Host& config(const std::string& text, const std::string& node = {}) {
        config::Diagnostics problems;
        const auto document = config::Document::parse({{"lb.toml", text}}, problems);
        all.config = document.config_for(node, problems);
        for (const auto& each : problems.all()) INFO(to_text(each, document.files()));
        REQUIRE(all.config);
        all.config->files = document.files();
        return *this;
    }

    Evidence evidence() {
        kinds::for_each_kind([&]<class Kind>() { kernel_->get<Kind>().finish(); });
        all.kernel = kernel_;
        return all;
    }
    std::vector<Finding> findings() { return diagnose(evidence()); }
    /// "LVS02 LVS03"
    std::string codes() {
        std::string text;
        for (const Finding& each : findings()) text += (text.empty() ? "" : " ") + each.code;
        return text;
    }
    Finding only() {
        const auto found = findings();
        REQUIRE(found.size() == 1);
        return found.front();
    }

    Evidence all;

private:
    void quiet_off(const InterfaceName& interface) {
        for (const char* name : {"arp_ignore", "arp_announce", "rp_filter", "promote_secondaries"}) {
            kernel_->get<kinds::Sysctl>().add(kinds::Sysctl::Key(setting_path(interface, name)), {"0"});
        }
        kernel_->get<kinds::Sysctl>().finish();
    }

    std::shared_ptr<kinds::Observed> kernel_;
};

/// A real server set up by hand, as it should be.
inline Host real_server() {
    Host host;
    host.address("192.0.2.20/32", "lo", Scope::host).arp("eth0", 1, 2);
    return host;
}

/// A director set up by hand, as it should be: a service with one real server on its own link.
inline Host director(Forward forward = Forward::direct, const char* server = "192.0.2.4") {
    Host host;
    host.address("192.0.2.20/32", "eth0").service("tcp 192.0.2.20:80").route("192.0.2.0/24", nullptr, "eth0");
    host.server(("tcp 192.0.2.20:80 " + std::string(server) + ":80").c_str(), forward);
    return host;
}

}  // namespace lbconverge::doctor
