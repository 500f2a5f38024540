#include "observe.hpp"

#include "lbconverge/kernel/kernel.hpp"
#include "print.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace lbconverge::cli {

using namespace kinds;

namespace {

/// There are keys below /proc/sys/net. They must not be in a file that people pass on.
bool is_secret(const std::string& path) {
    return path.find("secret") != std::string::npos || path.find("fastopen_key") != std::string::npos;
}

std::vector<std::string> all_settings() {
    namespace fs = std::filesystem;
    std::vector<std::string> paths;
    const std::string root = "/proc/sys/";
    std::error_code error;
    for (fs::recursive_directory_iterator at(root + "net", fs::directory_options::skip_permission_denied, error), end;
         !error && at != end; at.increment(error)) {
        const std::string path = at->path().string().substr(root.size());
        std::error_code ignored;
        const bool readable = (at->status(ignored).permissions() & fs::perms::owner_read) != fs::perms::none;
        if (at->is_regular_file(ignored) && readable && !is_secret(path)) paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

Result<std::shared_ptr<const Observed>> observe_all() {
    const auto kernel = kernel::linux_kernel(
        {.may_load_ipvs = false, .left_out = [](const Error& error) {
             report({error.kind, "ARP filters, redirections and marks are left out: " + error.what, error.hint});
         }});
    const Result<HostFacts> facts = kernel->facts({});
    RETURN_IF_ERROR(facts);
    Reading reading;
    reading.ipvs = facts->ipvs_loaded;
    reading.kinds = kinds_on_demand(facts->ipvs_loaded);
    reading.sysctls = all_settings();
    return kernel::complete(kernel->observe(reading, *facts));
}

}  // namespace lbconverge::cli
