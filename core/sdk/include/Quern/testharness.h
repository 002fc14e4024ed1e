#pragma once

#include <Quern/error.h>
#include <Quern/eventstream.h>
#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QJsonValue>
#include <QList>
#include <QString>
#include <QVariantMap>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace Quern {

class HandlerPlugin;
class TestHarnessPrivate;

/// Header or trailer fields: pairs of name and value, in order.
using TestFields = QList<std::pair<QByteArray, QByteArray>>;

/// What a client of TestHarness has received. A value type.
struct QUERN_EXPORT TestResponse
{
    /// The status code; 0 if the request never began, see \a error.
    int status = 0;
    /// As the application has set them; those that the server writes itself (Date, Content-Length, the Content-Type of
    /// a file, …) are not here.
    TestFields headers = {};
    /// All of it: of a stream every piece, of Response::file() what the file holds. Not compressed. Empty for HEAD.
    QByteArray body = {};
    /// Of a stream, see ResponseStream::setTrailer().
    TestFields trailers = {};
    /// The server would show its own page for \a status, which is not made here: \a body is empty.
    bool isErrorPage = false;
    /// What went wrong, with a text that names it. None for an answer that came as its author meant it, whatever its
    /// status:
    /// - Error::Internal: a handler, middleware, hook or callback threw, or a deferred response was forgotten; as a
    ///   rule \a status is 500;
    /// - Error::Timeout: no answer, or not all of a stream, before the deadline; without any \a status is 504, as of a
    ///   handler that answers at once but too late;
    /// - Error::Unavailable: the stream was broken off by its author;
    /// - Error::Invalid: no client could send this request (\a status is 400 or 501), the harness cannot (0), or the
    ///   plugin is not installed (0).
    std::optional<Error> error = std::nullopt;

    /// Value of the first header field \a name, compared without case; null if there is none. And all of them.
    QByteArray header(QByteArrayView name) const;
    QList<QByteArray> headerAll(QByteArrayView name) const;
    /// The body as JSON: any value. Error::Invalid, with line and column, if it is none.
    Result<QJsonValue> json() const;
    /// The body as server-sent events, without comments and retry times: those that are complete.
    QList<EventStream::Event> events() const;
    /// The text of \a error for a message: QVERIFY2(response.status == 200, qPrintable(response.problem())). Null if
    /// there is none.
    QString problem() const;
};

/// What a client of TestHarness sends. A value type:
///
///     TestRequest upload{.method = "POST", .target = "/photos"};
///     upload.addField("title", "Sea").addFile("photo", "sea.png", bytes, "image/png");
struct QUERN_EXPORT TestRequest
{
    /// One part of a multipart/form-data body. A value type.
    struct Part
    {
        QByteArray name;             ///< of the field
        QByteArray value;            ///< or what the file holds
        QByteArray fileName = {};    ///< as the client calls it
        QByteArray contentType = {}; ///< as the client calls it; empty: left out
        bool isFile = false;         ///< told by a "filename", even an empty one
    };

    QByteArray method = QByteArrayLiteral("GET"); ///< in upper case
    /// Percent-encoded, with or without a query string: "/hello/bar?x=1".
    QByteArray target = QByteArrayLiteral("/");
    /// Host is added if it is not there, and Content-Length, and for \a parts the Content-Type.
    TestFields headers = {};
    /// Its Content-Type is one of \a headers. One of multipart/form-data is made of \a parts instead, but for routes
    /// with Route::streamBody().
    QByteArray body = {};
    /// If there are any, the body is a form made of them, and \a body is not looked at.
    QList<Part> parts = {};
    QByteArray remoteAddress = QByteArrayLiteral("127.0.0.1"); ///< of the client; empty: a Unix socket
    bool isSecure = false;                                     ///< https
    /// Asked after each piece of a stream; when it is true, the client goes away. For streams without end:
    /// .until = [](const TestResponse &response) { return response.events().size() == 3; }
    std::function<bool(const TestResponse &response)> until = {};

    /// Adds a field, or a file, to a multipart/form-data body.
    TestRequest &addField(const QByteArray &name, const QByteArray &value);
    TestRequest &addFile(const QByteArray &name, const QByteArray &fileName, const QByteArray &content,
                         const QByteArray &contentType = QByteArrayLiteral("application/octet-stream"));
};

/// Runs a plugin in a test's own process, without server and sockets: what a worker does with a request from the moment
/// that its head and body are there, hooks, middleware, asynchronous answers and cleaners included. Cleaners
/// run when request() is about to return, though somebody may still hold the request.
///
///     Shop shop;
///     TestHarness harness(shop, {{"currency", "EUR"}});
///     const TestResponse response = harness.get("/cart");
///     QCOMPARE(response.status, 200);
///     QCOMPARE(response.json()->toObject()["currency"].toString(), "EUR");
///
/// Needs a QCoreApplication, such as QTEST_GUILESS_MAIN makes, whose event loop it spins while an answer is not there.
/// To be used in the main thread. What only the server does is not done: limits of size and number, static files,
/// ranges, compression, error pages.
class QUERN_EXPORT TestHarness
{
public:
    /// Installs \a plugin, which outlives the harness. \a settings is what stands in [plugin.settings]; TOML's integers
    /// are qint64, its arrays QVariantList, its tables QVariantMap.
    explicit TestHarness(HandlerPlugin &plugin, const QVariantMap &settings = {});
    ~TestHarness();
    Q_DISABLE_COPY_MOVE(TestHarness)

    /// Whether install() succeeded: Error::Invalid, with the text of the exception, if it threw.
    const Result<void> &installed() const;

    /// How messages name the plugin, as the "name" of its metadata does in a worker; its class if never set.
    void setName(const QString &name);
    /// How long a request may take, the end of a stream included; 5 s if never set.
    void setDeadline(std::chrono::milliseconds time);

    /// Sends a request, and returns when its answer is complete, its stream has ended, or the deadline has passed.
    TestResponse request(const TestRequest &request);
    TestResponse get(const QByteArray &target);
    /// \a contentType as the Content-Type field; none if it is empty.
    TestResponse post(const QByteArray &target, const QByteArray &body, const QByteArray &contentType = {});

private:
    const std::unique_ptr<TestHarnessPrivate> d;
};

} // namespace Quern
