#pragma once

#include <Quern/global.h>

#include "httpsyntax_p.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

namespace Quern {

class ResponseStreamPrivate;

/// What a handler answers, as it is handed on. A value type.
struct QUERN_EXPORT Answer
{
    enum class Kind {
        Whole,     ///< \a body
        File,      ///< \a file
        Stream,    ///< what is written to \a stream
        ErrorPage, ///< the server's own page for \a status; \a body is a detail for it to show (UTF-8), or empty
        Upgrade,   ///< the connection speaks WebSocket from now on; the fields belong to the answer that says so
    };
    /// A regular file that this process may read.
    struct File
    {
        quint64 device = 0;
        quint64 inode = 0;
        QByteArray path; ///< absolute, as the kernel knows it
    };

    /// Value of the first field \a name; null if there is none.
    QByteArrayView value(QByteArrayView name) const;
    /// \a name and \a value may be what value() returned, here and for set().
    void append(QByteArrayView name, QByteArrayView value);
    void remove(QByteArrayView name);
    /// Replaces all fields \a name by one.
    void set(QByteArrayView name, QByteArrayView value);

    Kind kind = Kind::Whole;
    int status = 200;
    QByteArray headerBlock = {}; ///< "Name: value\r\n" for each field, ready for the wire
    QByteArray body = {};
    File file = {};
    std::shared_ptr<ResponseStreamPrivate> stream = {};
    bool contentTypeImplied = false; ///< the Content-Type came with the body and goes with it
};

/// Calls \a visit(name, value, begin, end) for each field of \a block, with its place, until it returns true.
template <typename Visitor>
bool visitFields(QByteArrayView block, Visitor visit)
{
    for (qsizetype begin = 0; begin < block.size();) {
        const qsizetype end = block.indexOf('\n', begin) + 1;
        const qsizetype colon = block.indexOf(':', begin);
        if (visit(block.sliced(begin, colon - begin), block.sliced(colon + 2, end - colon - 4), begin, end))
            return true;
        begin = end;
    }
    return false;
}

/// Removes the fields of \a block for which \a isUnwanted(name, value).
template <typename Predicate>
void removeFields(QByteArray &block, Predicate isUnwanted)
{
    QByteArray kept;
    visitFields(block, [&](QByteArrayView name, QByteArrayView value, qsizetype begin, qsizetype end) {
        if (!isUnwanted(name, value))
            kept.append(QByteArrayView(block).sliced(begin, end - begin));
        return false;
    });
    block = kept;
}

/// Returns \a value without surrounding space. Throws std::invalid_argument, which names the mend, if the header field
/// may not be sent by a handler.
QByteArrayView checkedFieldValue(QByteArrayView name, QByteArrayView value);
/// The same for a trailer field.
QByteArrayView checkedTrailerValue(QByteArrayView name, QByteArrayView value);

} // namespace Quern
