#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QList>

namespace Quern::ipc {

/// What the master has found out about the body of a request, for the worker that gets it. It goes with requests whose
/// body is more than a row of bytes. Shape: CBOR map with the keys "file", "size", "form", "trailers", "parts": list of
/// maps with "name", "fileName" (absent unless the part is a file), "type", "offset", "size", "file".
struct BodyLayout
{
    /// One part of a multipart/form-data body (RFC 7578).
    struct Part
    {
        QByteArray name;
        QByteArray fileName; ///< as the client sent it
        QByteArray contentType;
        quint64 offset = 0; ///< in the body, unless the part lies in a file
        quint64 size = 0;   ///< bytes
        QByteArray path;    ///< absolute, of the file that holds the part; empty: it lies in the body
        bool isFile = false;
        bool operator==(const Part &) const = default;
    };

    QByteArray path;     ///< absolute, of the file that holds the whole body; empty: it came with the request
    quint64 size = 0;    ///< bytes of that file
    QByteArray trailers; ///< "Name: value\r\n" for each trailer field
    QList<Part> parts;   ///< in the order sent
    bool isForm = false; ///< multipart/form-data: parts tells all of it

    bool isPlain() const { return path.isEmpty() && trailers.isEmpty() && !isForm; }
    QByteArray encode() const;
    /// Error::Protocol if it is no such map.
    static Result<BodyLayout> decode(QByteArrayView bytes);
    bool operator==(const BodyLayout &) const = default;
};

} // namespace Quern::ipc
