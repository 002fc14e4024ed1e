#pragma once

#include "base/span.h"
#include "dispatch/openfile.h"
#include "protocol/http/conditional.h"
#include "protocol/http/requesthead.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <memory>
#include <span>

namespace Quern::dispatch {

/// What a request says about how it wants a file. Views into the request's head: valid as long as that is.
struct FileConditions
{
    static FileConditions of(const protocol::http::RequestHead &head);
    /// The same from a stored head: \a headers are places in \a bytes.
    static FileConditions of(QByteArrayView method, std::span<const base::HeaderSpan> headers, QByteArrayView bytes);

    bool isGet = false;
    bool isHead = false;
    protocol::http::ConditionFields fields;
    QByteArrayView range;          ///< null: absent
    QByteArrayView acceptEncoding; ///< null: absent
    QList<QByteArray> joined;      ///< the list fields that came in several lines, each as a whole
};

/// A piece of a file, and what goes before it.
struct FilePiece
{
    QByteArray before; ///< head of a part of multipart/byteranges
    quint64 offset = 0;
    quint64 length = 0; ///< never 0
};

/// An answer made of a file, complete but for what the encoder adds: status line, Date, Server, Content-Length,
/// Connection.
struct FileReply
{
    int status = 200;        ///< 200, 206, 304, 412, 416, or the handler's own
    QByteArray headerBlock;  ///< "Name: value\r\n" …
    quint64 bodyLength = 0;  ///< for Content-Length; to HEAD as well, though nothing is sent then
    QByteArray after;        ///< what goes behind the last piece
    QList<FilePiece> pieces; ///< in the order of sending; empty if there is no body to send
    std::shared_ptr<const base::FileDescriptor> file; ///< null if there is no body to send
};

/// The entity tag of \a file, \a suffix telling codings of the same content apart ("-gz"); empty if it has none.
///
/// It is made of size and time of change, in nanoseconds. The number of the inode is not in it: it would differ between
/// two machines that serve the same content. It is strong, so that an interrupted download can be resumed (If-Range),
/// unless the change is less than a second ago: the kernel's clock for files ticks every few milliseconds, and a second
/// change within a tick would leave no trace (RFC 9110 §8.8.1). Times of 0 and 1 are what reproducible packages set for
/// all files: they tell nothing, and there is neither tag nor Last-Modified.
/// \a now: seconds since 1970.
QByteArray entityTag(const OpenFile &file, QByteArrayView suffix, qint64 now);

/// The answer to a request for \a file. \a status and \a headerBlock are the handler's: its Content-Type, ETag,
/// Last-Modified, Accept-Ranges and X-Content-Type-Options stand, and what is missing is added; \a contentType is for
/// when it sets none. Conditions and ranges count for GET and HEAD when \a status is 200 (RFC 9110 §13.2.1, §14.2); any
/// other answer is the whole file, without validators. A 304 leaves out what describes a body; 412 and 416 have none,
/// and leave out what would let a cache keep them.
FileReply makeFileReply(const OpenFile &file, const FileConditions &conditions, int status, QByteArrayView headerBlock,
                        QByteArrayView contentType);

} // namespace Quern::dispatch
