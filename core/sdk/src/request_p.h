#pragma once

#include <Quern/request.h>

#include <QByteArray>
#include <QSharedData>
#include <QVarLengthArray>

namespace Quern {

/// The data behind Request. The worker fills it; every view points into \a frame, \a bodyBytes or the route's pattern.
class RequestPrivate : public QSharedData
{
public:
    struct HeaderView
    {
        QByteArrayView name;
        QByteArrayView value;
    };
    struct Param
    {
        QByteArrayView name;  ///< points into the route's pattern, which outlives every request
        QByteArrayView value; ///< percent-encoded as sent
    };
    using Params = QVarLengthArray<Param, 4>;

    /// See Request::path().
    QUERN_EXPORT QByteArrayView path() const;

    quint64 id = 0;
    QByteArray frame;     ///< owns the bytes of the head (and of a body that came with it)
    QByteArray bodyBytes; ///< owns a body that came in several frames
    QByteArrayView method;
    QByteArrayView target;
    QByteArrayView body;
    QVarLengthArray<HeaderView, 16> headers;
    Params params;
    QByteArrayView remoteAddress; ///< text form
    quint16 remotePort = 0;
    int minorVersion = 1;
    RequestJourney journey;
};

} // namespace Quern
