#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace Quern::net {

/// Bytes that wait until a peer takes them. They stand in blocks: what waits is not moved when more comes, and the room
/// of what has left is given back at once, so that thousands of peers that do not read cost little more than what
/// waits.
class OutputQueue
{
public:
    static constexpr qsizetype MaxBlock = 64 * 1024;

    qint64 size() const { return m_size; }
    bool isEmpty() const { return m_size == 0; }

    /// \a more stands behind \a bytes.
    void append(QByteArrayView bytes, QByteArrayView more = {});

    /// What is to leave next: the rest of the first block, and the block behind it.
    QByteArrayView first() const;
    QByteArrayView second() const;

    /// The first \a count bytes have left.
    void removeFirst(qsizetype count);

private:
    QByteArray &last() { return m_behind.isEmpty() ? m_first : m_behind.last(); }
    void fill(QByteArrayView bytes, qsizetype behind);

    QByteArray m_first;         ///< beside the others: most output has one block, and needs no list
    QList<QByteArray> m_behind; ///< none is empty
    qsizetype m_left = 0;       ///< bytes of the first block that have left; never half of it
    qint64 m_size = 0;
};

} // namespace Quern::net
