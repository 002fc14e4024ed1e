#include "base/processtitle.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace Quern::base {

namespace {

char *titleArea = nullptr;
std::size_t titleRoom = 0;

} // namespace

void initProcessTitle(int argc, char **argv)
{
    // They stay, also when the environment has let go of them: whoever has asked for a variable has the pointer.
    static auto *const copies = new std::vector<char *>;
    const auto copyOf = [](const char *text) { return copies->emplace_back(::strdup(text)); };
    if (argc < 1)
        return;
    // The kernel shows the memory of argv; the environment's strings follow it directly. Both may be overwritten once
    // they have been copied elsewhere.
    char *end = argv[0] + std::strlen(argv[0]);
    for (int i = 1; i < argc; ++i) {
        if (argv[i] == end + 1)
            end = argv[i] + std::strlen(argv[i]);
        argv[i] = copyOf(argv[i]);
    }
    for (char **variable = environ; *variable; ++variable) {
        if (*variable != end + 1)
            break;
        end = *variable + std::strlen(*variable);
        *variable = copyOf(*variable);
    }
    titleArea = argv[0];
    titleRoom = std::size_t(end - titleArea);
    argv[0] = copyOf(argv[0]);
}

void setProcessTitle(const QByteArray &title)
{
    // The kernel keeps 15 bytes of the name: enough for "quern: worker 9".
    ::prctl(PR_SET_NAME, title.constData(), 0, 0, 0);
    if (!titleArea)
        return;
    const std::size_t length = std::min(std::size_t(title.size()), titleRoom);
    std::memcpy(titleArea, title.constData(), length);
    std::memset(titleArea + length, 0, titleRoom - length + 1);
    // Without these the kernel goes on showing the old length, and the zeros as spaces.
    const auto start = reinterpret_cast<unsigned long>(titleArea);
    ::prctl(PR_SET_MM, PR_SET_MM_ARG_START, start, 0, 0);
    ::prctl(PR_SET_MM, PR_SET_MM_ARG_END, start + length + 1, 0, 0);
}

} // namespace Quern::base
