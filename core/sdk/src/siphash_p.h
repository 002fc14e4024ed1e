#pragma once

#include <QtGlobal>

#include <bit>
#include <cstddef>

namespace Quern {

/// The secret of a keyed hash.
struct HashSeed
{
    quint64 first = 0;
    quint64 second = 0;
};

/// SipHash-1-3 (Aumasson and Bernstein) of \a size bytes, which stand in \a words with zeros behind them: one word more
/// than size / 8 is read. Who does not know the seed cannot choose keys that collide.
inline quint64 sipHash(const quint64 *words, std::size_t size, HashSeed seed)
{
    quint64 v0 = seed.first ^ 0x736f6d6570736575;
    quint64 v1 = seed.second ^ 0x646f72616e646f6d;
    quint64 v2 = seed.first ^ 0x6c7967656e657261;
    quint64 v3 = seed.second ^ 0x7465646279746573;
    const auto round = [&] {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    };
    for (std::size_t i = 0; i < size / 8; ++i) {
        v3 ^= words[i];
        round();
        v0 ^= words[i];
    }
    const quint64 last = words[size / 8] | quint64(size) << 56;
    v3 ^= last;
    round();
    v0 ^= last;
    v2 ^= 0xff;
    round();
    round();
    round();
    return v0 ^ v1 ^ v2 ^ v3;
}

} // namespace Quern
