#include "lbconverge/kernel/library.hpp"

#include <dlfcn.h>

namespace lbconverge::kernel {

Result<Library> Library::load(const std::string& soname) {
    void* handle = ::dlopen(soname.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle != nullptr) return Library(handle);
    const char* why = ::dlerror();
    return fail(ErrorKind::failed, std::string("a library cannot be loaded: ") + (why == nullptr ? soname : why),
                "install the package that has " + soname);
}

void* Library::address_of(const char* name) const { return ::dlsym(handle_, name); }

}  // namespace lbconverge::kernel
