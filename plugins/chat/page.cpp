#include "page.h"

#include "person.h"

#include <QByteArray>
#include <QFile>
#include <QString>

#include <stdexcept>

using Quern::Request;
using Quern::Response;

namespace {

/// Nothing but what comes from here. What others say is put in as text, and this is the second lock on that door.
constexpr const char *policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                               "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

Quern::Handler handlerOf(const QString &file, const QByteArray &type)
{
    QFile resource(QStringLiteral(":/chat/") + file);
    if (!resource.open(QIODevice::ReadOnly))
        throw std::runtime_error(file.toStdString() + " is missing from the plugin's resources");
    return [text = resource.readAll(), type](const Request &, Response &response) {
        response.setHeader("Content-Security-Policy", policy);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Cache-Control", "no-cache");
        response.send(text, type);
    };
}

} // namespace

void installPage(Quern::Application &app)
{
    const Quern::Handler page = handlerOf(QStringLiteral("page.html"), "text/html; charset=utf-8");
    app.get("/chat", page).name("chat");
    app.get(QByteArray("/chat/:room(") + Person::RoomPattern + ')', page);
    app.get("/chat/page.css", handlerOf(QStringLiteral("page.css"), "text/css; charset=utf-8"));
    app.get("/chat/page.js", handlerOf(QStringLiteral("page.js"), "text/javascript; charset=utf-8"));
}
