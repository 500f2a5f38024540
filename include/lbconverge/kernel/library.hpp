// A shared library that is loaded when it is first needed. libcurl alone loads thirty others, and each `apply` from a
// timer would take time for them without using HTTP.
#pragma once

#include "lbconverge/model/result.hpp"

#include <string>

namespace lbconverge::kernel {

class Library {
public:
    /// Loads the library with this soname ("libcurl.so.4"). It stays until the program ends. An error has the loader's
    /// own words.
    static Result<Library> load(const std::string& soname);

    /// Puts the function of that name into `function`, whose type is that of the library's header. False: it has none.
    template <class Function>
    [[nodiscard]] bool find(const char* name, Function*& function) const {
        function = reinterpret_cast<Function*>(address_of(name));
        return function != nullptr;
    }

private:
    explicit Library(void* handle) : handle_(handle) {}
    [[nodiscard]] void* address_of(const char* name) const;

    void* handle_;
};

}  // namespace lbconverge::kernel

// For a macro that lists functions, LIST(each) each(f); each(g); — LIST(LBCONVERGE_LATE_DECLARE) declares pointers that
// are named like them, and LIST(LBCONVERGE_LATE_FIND) finds them in `library`; `complete` stays true if all are there.
// NOLINTNEXTLINE(bugprone-macro-parentheses): it is the name of what is declared
#define LBCONVERGE_LATE_DECLARE(function) decltype(&::function) function = nullptr
#define LBCONVERGE_LATE_FIND(function) complete = library->find(#function, function) && complete
