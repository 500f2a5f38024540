// The files that configure networks, settings and VIPs.
#include "lbconverge/kernel/file.hpp"
#include "parts.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace lbconverge::survey {

namespace fs = std::filesystem;

namespace {

/// The largest file that is read. Configuration files that people write are shorter.
constexpr std::size_t largest_file = 256 * 1024;

/// Where networks, settings and VIPs are configured on the distributions of today and of ten years ago.
constexpr const char* folders[] = {"/etc/sysctl.d",
                                   "/etc/network/interfaces.d",
                                   "/etc/network/if-up.d",
                                   "/etc/sysconfig/network-scripts",
                                   "/etc/systemd/network",
                                   "/run/systemd/network",
                                   "/etc/NetworkManager/conf.d",
                                   "/etc/NetworkManager/system-connections",
                                   "/etc/netplan",
                                   "/etc/cloud/cloud.cfg.d",
                                   "/etc/init.d",
                                   "/etc/keepalived"};
constexpr const char* single_files[] = {"/etc/sysctl.conf", "/etc/network/interfaces", "/etc/rc.local",
                                        "/etc/rc.d/rc.local"};

std::vector<std::string> lines_in(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
    return lines;
}

void add_file(const fs::path& path, std::vector<doctor::TextFile>& files) {
    const auto text = kernel::read_file(path.string(), {.most = largest_file});
    if (text) files.push_back({path.string(), lines_in(*text)});
}

}  // namespace

std::vector<std::string> lines_of(const std::string& path) {
    return lines_in(kernel::read_file(path).value_or(std::string()));
}

/// The files of a folder, and of folders in it such as 10-eth0.network.d.
std::vector<doctor::TextFile> read_files() {
    std::vector<doctor::TextFile> files;
    for (const char* path : single_files) add_file(path, files);
    for (const char* folder : folders) {
        std::error_code error;
        std::vector<fs::path> paths;
        for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
            if (at.depth() > 1) at.disable_recursion_pending();
            paths.push_back(at->path());
        }
        std::sort(paths.begin(), paths.end());
        for (const fs::path& path : paths) add_file(path, files);
    }
    return files;
}

std::set<std::string> read_managers() {
    std::set<std::string> managers;
    std::error_code error;
    if (fs::exists("/run/systemd/netif/state", error)) managers.insert("systemd-networkd");
    if (fs::exists("/run/NetworkManager", error)) managers.insert("NetworkManager");
    return managers;
}

}  // namespace lbconverge::survey
