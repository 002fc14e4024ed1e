#include "welcome.h"

#include "facts.h"
#include "numbers.h"
#include "streams.h"
#include "upload.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QJsonObject>
#include <QThread>
#include <QTimer>

#include <cstdlib>
#include <stdexcept>

using Quern::Request;
using Quern::Response;
using std::chrono::milliseconds;

namespace {

constexpr int longestDelay = 30'000;    ///< ms; less than the server's own limit of a request
constexpr milliseconds cancelCheck{50}; ///< how soon /later notices that nobody waits any more
constexpr int largestBody = 64 * 1024 * 1024;

QString pageText()
{
    QFile file(QStringLiteral(":/welcome/page.html"));
    if (!file.open(QIODevice::ReadOnly))
        throw std::runtime_error("page.html is missing from the plugin's resources");
    return QString::fromUtf8(file.readAll());
}

/// The delay that "?ms=" asks for. Answers 400 and returns nothing if it is none.
std::optional<milliseconds> delayOf(const Request &request, Response &response)
{
    const auto count = numberOf(request, response, {"ms", 1000, longestDelay});
    return count ? std::optional(milliseconds(*count)) : std::nullopt;
}

/// Refuses settings that are misspelt, rather than run on without them.
bool isCrashAllowed(const QVariantMap &settings)
{
    const QString known = QStringLiteral("allow_crash");
    for (auto each = settings.cbegin(); each != settings.cend(); ++each) {
        if (each.key() != known)
            throw std::invalid_argument("settings of the welcome plugin: unknown key " + each.key().toStdString() +
                                        "; allow_crash is the only one");
    }
    const QVariant value = settings.value(known, false);
    if (value.typeId() != QMetaType::Bool)
        throw std::invalid_argument("settings of the welcome plugin: allow_crash must be true or false; write "
                                    "allow_crash = true, without quotation marks");
    return value.toBool();
}

QString report(QLatin1String what, milliseconds delay, const Request &request)
{
    return QStringLiteral("%1 %2 ms in worker %3.\n").arg(what).arg(delay.count()).arg(request.journey().workerId);
}

void slow(const Request &request, Response &response)
{
    if (const auto delay = delayOf(request, response)) {
        QThread::msleep(static_cast<unsigned long>(delay->count()));
        response.text(report(QLatin1String("Blocked for"), *delay, request));
    }
}

void crash(bool allowed, Response &response)
{
    if (allowed)
        std::abort();
    response.setStatus(403).text(QStringLiteral("This route kills its worker, so it is switched off. To allow it, set "
                                                "allow_crash = true in the settings of the welcome plugin.\n"));
}

/// Tells the client what it has sent, and has it count its visits.
void cookies(const Request &request, Response &response)
{
    QJsonObject received;
    const Quern::NameValueList cookies = request.cookies();
    for (const auto &[name, value] : cookies)
        received.insert(name, value);
    response.setHeader("Cache-Control", "no-store");
    response.json(received);

    // Whatever the client sends instead of a number counts as none.
    const qulonglong visits = request.cookie("visits").toUInt();
    if (request.query("clear").isNull())
        response.setCookie({.name = "visits",
                            .value = QString::number(visits + 1),
                            .path = "/",
                            .httpOnly = true,
                            .sameSite = Quern::Cookie::SameSite::Lax});
    else
        response.clearCookie("visits");
}

} // namespace

Welcome::Welcome() : m_page(pageText()), m_bodies(largestBody) {}

void Welcome::install(Quern::Application &app)
{
    app.get("/", [this](const Request &request, Response &response) {
        response.setHeader("Cache-Control", "no-store");
        response.html(m_page.filled(pageValues(request)));
    });
    app.get("/hello/:name", [](const Request &request, Response &response) {
        response.json({{QStringLiteral("hello"), request.param("name")}});
    });
    app.get("/json", [](const Request &request, Response &response) { response.json(Facts(request).toJson()); });
    app.post("/echo", [](const Request &request, Response &response) {
        response.send(request.body().toByteArray(), request.header("Content-Type"));
    });
    app.get("/bytes/:n", [this](const Request &request, Response &response) { bytes(request, response); });
    app.post("/upload", upload);
    app.get("/stream", [this](const Request &request, Response &response) { streamPieces(request, response, this); });
    app.get("/events", [this](const Request &request, Response &response) { streamEvents(request, response, this); });
    app.get("/file", [this](const Request &request, Response &response) { file(request, response); });
    app.get("/cookies", cookies);
    app.get("/throw",
            [](const Request &, Response &) { throw std::runtime_error("the welcome plugin throws this on purpose"); });

    const bool crashAllowed = isCrashAllowed(app.settings());
    for (const char *method : {"GET", "POST"}) {
        app.route(method, "/slow", slow);
        app.route(method, "/later", [this](const Request &request, Response &response) {
            if (const auto delay = delayOf(request, response))
                later(*delay, request, response.defer());
        });
        app.route(method, "/crash",
                  [crashAllowed](const Request &, Response &response) { crash(crashAllowed, response); })
            .retry(false);
    }
}

void Welcome::later(milliseconds delay, const Request &request, const Response &answer)
{
    auto *timer = new QTimer(this);
    timer->setSingleShot(true);
    timer->setTimerType(Qt::PreciseTimer);
    const QDeadlineTimer deadline(delay, Qt::PreciseTimer);
    connect(timer, &QTimer::timeout, this, [=, answer = answer]() mutable {
        if (!deadline.hasExpired() && !answer.isCancelled()) {
            timer->start(std::min(cancelCheck, milliseconds(deadline.remainingTime())));
            return;
        }
        timer->deleteLater();
        if (answer.isCancelled())
            return;
        answer.text(report(QLatin1String("Waited for"), delay, request));
        answer.end();
    });
    timer->start(std::min(cancelCheck, delay));
}

void Welcome::bytes(const Request &request, Response &response)
{
    bool isNumber = false;
    const qint64 size = request.param("n").toLongLong(&isNumber);
    if (!isNumber || size < 0 || size > largestBody) {
        response.setStatus(400).text(QStringLiteral("/bytes/<n> wants a number from 0 to %1\n").arg(largestBody));
        return;
    }
    QByteArray body;
    if (const QByteArray *kept = m_bodies.object(size)) {
        body = *kept;
    } else {
        body = QByteArray(size, 'q');
        m_bodies.insert(size, new QByteArray(body), size);
    }
    response.send(body, "application/octet-stream");
}

void Welcome::file(const Request &request, Response &response)
{
    const auto size = numberOf(request, response, {"size", 65536, largestBody});
    if (!size)
        return;
    const QString path = request.query("size").isNull() ? m_files.text() : m_files.ofSize(*size);
    const QString name = request.query("download");
    const Quern::Result<void> found = name.isNull() ? response.file(path) : response.download(path, name);
    if (!found)
        throw std::runtime_error(found.error().message().toStdString());
}
