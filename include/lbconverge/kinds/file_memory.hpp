// A part of the file that was last carried out. A later file is compared with it: by the guards of [limits], and for
// services and VIPs that are not in the file any more but are still in use. It is part of the ledger.
#pragma once

#include "lbconverge/kinds/real_server.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::kinds {

struct RememberedVip {
    IpAddress address;
    std::string instance;  ///< empty: always active
};

struct RememberedService {
    Service::Key key;
    std::chrono::milliseconds drain_timeout{};
};

struct RememberedServer {
    RealServer::Key key;
    std::uint32_t weight = 0;  ///< as the file says it; health may have changed it in the kernel
};

struct FileMemory {
    bool known = false;                       ///< false: services, servers and limits are not remembered
    std::vector<RememberedVip> vips;          ///< sorted by address
    std::vector<RememberedService> services;  ///< sorted by key
    std::vector<RememberedServer> servers;    ///< sorted by key
    std::optional<std::uint32_t> max_service_deletes;
    std::optional<std::uint32_t> max_weight_loss;
    bool exclusive = false;  ///< services that it did not name were removed

    [[nodiscard]] const RememberedVip* vip(const IpAddress& address) const;
    [[nodiscard]] const RememberedService* service(const Service::Key& key) const;
    void finish();  ///< sorts; of equal keys the first one stays
};

FileMemory file_memory_of(const config::Config& config);

}  // namespace lbconverge::kinds
