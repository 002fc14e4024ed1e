#pragma once

#include "protocol/framed/framing.h"

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::protocol::framed {

/// The byte stream of one connection → packages. Knows no sockets; lives in any one thread. Holds memory only while a
/// package is unfinished, or one that came in several reads has not been released.
///
/// The caller pushes what it read with feed(), which consumes bytes up to the end of one package at most, so that the
/// caller may stop between them:
///
///     while (!bytes.isEmpty()) {
///         const auto step = splitter.feed(bytes);
///         bytes = bytes.sliced(step.consumed);
///         // act on step.state; after Complete, use package()
///     }
///     splitter.release();
class PackageSplitter
{
public:
    enum class State : quint8 {
        Incomplete, ///< all bytes consumed, the package goes on
        Complete,   ///< package() is valid
        Failed,     ///< all bytes consumed, reason() says why; every further feed() gives Failed. The stream cannot be
                    ///< followed any more: the owner closes the connection
    };
    struct Step
    {
        qsizetype consumed = 0;
        State state = State::Incomplete;
    };

    /// \a framing has passed its check() and outlives the splitter: all connections of a port share it.
    explicit PackageSplitter(const Framing &framing) : m_framing(framing) {}
    Q_DISABLE_COPY_MOVE(PackageSplitter)

    Step feed(QByteArrayView bytes);

    /// Valid from Complete until release(), takePackage() or the next feed(). Points into the bytes given to feed()
    /// when the whole package arrived in that one call, else into the splitter. With its mark or header.
    QByteArrayView package() const { return m_package; }
    /// The same to keep: copies only what arrived in one call.
    QByteArray takePackage();
    /// Forgets a package that is Complete, so that an idle connection holds no memory. Optional: the next feed() does
    /// the same.
    void release();

    /// Bytes of a package that is not Complete; they are lost when the connection ends.
    qsizetype unfinishedBytes() const { return m_package.isNull() ? m_buffer.size() : 0; }
    /// Why it Failed, for the log: a constant English phrase such as "package with a negative length".
    const char *reason() const { return m_reason; }

private:
    Step feedCheck(QByteArrayView bytes);
    Step feedSplit(QByteArrayView bytes);
    Step feedLength(QByteArrayView bytes);
    /// Length of the package that begins with \a header; 0 after fail().
    qsizetype packageBytes(QByteArrayView header);
    /// The first \a length of \a bytes end the package.
    Step complete(QByteArrayView bytes, qsizetype length);
    Step keep(QByteArrayView bytes);
    Step fail(qsizetype consumed, const char *reason);

    const Framing &m_framing;
    QByteArray m_buffer; ///< what came in earlier reads of the package in progress, or of the one that is Complete
    QByteArrayView m_package;
    const char *m_reason = nullptr; ///< not null: failed
};

} // namespace Quern::protocol::framed
