#include "admin/server/httpparser.h"

#include <QHttpServerRequest>

#include <utility>

namespace Quern::admin {

HttpParser::HttpParser(Serve serve, QObject *parent) : QAbstractHttpServer(parent), m_serve(std::move(serve)) {}

bool HttpParser::handleRequest(const QHttpServerRequest &request, QTcpSocket *socket)
{
    m_serve(socket, request.body());
    return true;
}

/// Everything is handled above.
void HttpParser::missingHandler(const QHttpServerRequest &, QTcpSocket *) {}

} // namespace Quern::admin
