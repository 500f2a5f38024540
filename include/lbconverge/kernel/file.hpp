// A file from outside as text: configurations, secrets, what checks and tracks look at. One function reads them all, so
// that none of them can hold the program up or fill its memory.
#pragma once

#include "lbconverge/model/result.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace lbconverge::kernel {

struct FileLimits {
    std::size_t most = std::size_t{256} << 20;  ///< octets; the largest table that was ever written down is a tenth
    bool beginning = false;                     ///< of a longer file that much is enough; else it is an error
};

/// The whole file, which may be any octets. Only a regular file is opened, or what a link leads to one by: reading a
/// pipe waits for its writer, and opening a device may do something. invalid_input: "PATH: cannot be read: it is a
/// pipe".
Result<std::string> read_file(const std::string& path, FileLimits limits = {});
/// The same; nullopt: there is no such file.
Result<std::optional<std::string>> read_file_if_any(const std::string& path, FileLimits limits = {});

}  // namespace lbconverge::kernel
