#pragma once

#include "sdk/src/request_p.h"

/// A request with the header fields \a headers and \a body; its parts stand in extra().
struct RequestParts
{
    QByteArray target = QByteArrayLiteral("/");
    QList<std::pair<QByteArray, QByteArray>> headers = {};
    QByteArray body = {};
};

inline Quern::RequestPrivate *requestData(const RequestParts &parts)
{
    auto *data = new Quern::RequestPrivate;
    data->method = "POST";
    data->target = data->keep(parts.target);
    for (const auto &[name, value] : parts.headers)
        data->headers.append({data->keep(name), data->keep(value)});
    data->bodyBytes = parts.body;
    data->body = data->bodyBytes;
    return data;
}

inline Quern::Request requestOf(const RequestParts &parts)
{
    return Quern::Request(requestData(parts));
}
