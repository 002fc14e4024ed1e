#pragma once

#include <QByteArrayView>
#include <QList>

#include <cstdio>
#include <cstdlib>

namespace Quern::fuzz {

/// Ends the program with \a what and the \a texts that show it.
template <typename... Texts>
[[noreturn]] void fail(const char *what, const Texts &...texts)
{
    std::fprintf(stderr, "%s\n", what);
    for (const QByteArrayView text : std::initializer_list<QByteArrayView>{texts...})
        std::fprintf(stderr, "---\n%.*s\n", static_cast<int>(text.size()), text.data());
    std::abort();
}

/// \a stream cut into pieces of 1 to \a longest bytes, whose lengths follow from its bytes.
inline QList<QByteArrayView> derivedPieces(QByteArrayView stream, quint32 longest)
{
    QList<QByteArrayView> pieces;
    quint32 state = static_cast<quint32>(stream.size());
    for (qsizetype at = 0; at < stream.size();) {
        state = state * 1664525 + 1013904223 + static_cast<quint8>(stream[at]);
        const qsizetype length = qMin(qsizetype(1 + (state >> 24) % longest), stream.size() - at);
        pieces.append(stream.sliced(at, length));
        at += length;
    }
    return pieces;
}

} // namespace Quern::fuzz
