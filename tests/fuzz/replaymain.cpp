// Stands in for libFuzzer where the compiler has none: replays the files named on the command line, or all files of a
// folder, then every truncation of each, then mutations that are the same in each run.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;
namespace fs = std::filesystem;

constexpr int mutationsPerFile = 400;
constexpr int maxEditsPerMutation = 4;

void run(const Bytes &bytes)
{
    // An allocation of just that size lets a sanitizer see a byte read too far.
    const Bytes exact(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes mutated(Bytes bytes, std::mt19937 &random)
{
    static constexpr uint8_t notable[] = {0, '\t', '\n', '\r', ' ', '0', '9', ':', ';', ',', 'f', 0x7f, 0x80, 0xff};
    const auto below = [&random](size_t bound) { return random() % bound; };
    for (size_t edits = 1 + below(maxEditsPerMutation); edits > 0; --edits) {
        const auto at = static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
        const auto left = bytes.size() - static_cast<size_t>(at);
        switch (below(4)) {
        case 0:
            bytes.insert(bytes.begin() + at, notable[below(std::size(notable))]);
            break;
        case 1:
            bytes.erase(bytes.begin() + at, bytes.begin() + at + static_cast<std::ptrdiff_t>(below(left + 1) % 16));
            break;
        case 2:
            if (left > 0)
                bytes[static_cast<size_t>(at)] = notable[below(std::size(notable))];
            break;
        default:
            const Bytes piece(bytes.begin() + at, bytes.begin() + at + static_cast<std::ptrdiff_t>(below(left + 1)));
            bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)), piece.begin(),
                         piece.end());
        }
    }
    return bytes;
}

int replay(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    const Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return -1;
    }
    for (size_t size = 0; size <= bytes.size(); ++size)
        run(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    std::mt19937 random(5200);
    for (int i = 0; i < mutationsPerFile; ++i)
        run(mutated(bytes, random));
    return static_cast<int>(bytes.size()) + 1 + mutationsPerFile;
}

} // namespace

int main(int argc, char **argv)
{
    std::vector<fs::path> files;
    for (int i = 1; i < argc; ++i) {
        if (!fs::is_directory(argv[i])) {
            files.emplace_back(argv[i]);
            continue;
        }
        for (const fs::directory_entry &entry : fs::directory_iterator(argv[i]))
            files.push_back(entry.path());
    }
    int inputs = 0;
    for (const fs::path &file : files) {
        const int count = replay(file);
        if (count < 0)
            return 1;
        inputs += count;
    }
    std::printf("%zu files, %d inputs\n", files.size(), inputs);
    return inputs > 0 ? 0 : 1;
}
