#include "testharness_p.h"

#include "exceptiontext_p.h"
#include "httpsyntax_p.h"
#include "testrequest_p.h"

#include <Quern/handlerplugin.h>
#include <Quern/requestid.h>

#include <QCoreApplication>
#include <QEventLoop>
#include <QFile>
#include <QScopeGuard>
#include <QTimer>

namespace Quern {

namespace {

constexpr Answer::Kind errorPage = Answer::Kind::ErrorPage;

TestFields fieldsOf(QByteArrayView block)
{
    TestFields fields;
    visitFields(block, [&fields](QByteArrayView name, QByteArrayView value, qsizetype, qsizetype) {
        fields.append({name.toByteArray(), value.toByteArray()});
        return false;
    });
    return fields;
}

TestResponse refusal(int status, const Error &error)
{
    return {.status = status, .isErrorPage = status != 0, .error = error};
}

bool mayHaveBody(int status)
{
    return status != 204 && status != 205 && status != 304;
}

QString pluginName(HandlerPlugin &plugin)
{
    const auto *object = dynamic_cast<const QObject *>(&plugin);
    return object ? QString::fromLatin1(object->metaObject()->className()) : QStringLiteral("plugin");
}

} // namespace

TestHarnessPrivate::TestHarnessPrivate(HandlerPlugin &plugin, const QVariantMap &settings, const TestMemory &memory)
    : m_application(std::make_shared<ApplicationPrivate>())
{
    if (auto *object = dynamic_cast<QObject *>(&plugin))
        // The plugin outlives the harness, and its Application lives as long as the plugin.
        connect(object, &QObject::destroyed, object, [kept = m_application] {});
    const QString name = pluginName(plugin);
    shareMemory(memory);
    try {
        if (installed)
            plugin.install(m_application->open(name, settings));
    } catch (...) {
        installed = Error(Error::Invalid,
                          QStringLiteral("the installation of %1 failed: %2").arg(name, textOfCurrentException()));
        m_application->rollBack({});
    }
    m_application->close();
    m_server = std::make_shared<TestServer>(*m_application, deadline);
    m_application->ports = m_server->entries();
}

TestHarnessPrivate::~TestHarnessPrivate()
{
    m_server->endProcesses();
    // What the handlers hold may answer when it goes away.
    retire();
    m_server.reset();
    m_application->rollBack({});
    if (const std::shared_ptr<SharedArea> found = setSharedArea(m_areaBefore); found != m_area)
        setSharedArea(found); // that of a harness that was made later
}

void TestHarnessPrivate::shareMemory(const TestMemory &memory)
{
    Result<std::shared_ptr<SharedArea>> area = SharedArea::createAnonymous({memory.tables, memory.atomics});
    if (area)
        m_area = std::move(*area);
    else
        installed = area.error();
    m_areaBefore = setSharedArea(m_area);
}

TestResponse TestHarnessPrivate::run(const TestRequest &sent)
{
    auto accepted = accept(sent);
    const auto *data = std::get_if<RequestData>(&accepted);
    return data ? answer(sent, *data) : std::get<TestResponse>(accepted);
}

std::variant<TestHarnessPrivate::RequestData, TestResponse> TestHarnessPrivate::accept(const TestRequest &sent)
{
    if (!installed)
        return refusal(0, installed.error());
    if (!QCoreApplication::instance())
        return refusal(0, Error(Error::Invalid, QStringLiteral("there is no QCoreApplication: make one in main(), or "
                                                               "use QTEST_GUILESS_MAIN")));
    if (!m_pipeline)
        m_pipeline.emplace(*m_application);
    const quint64 id = RequestId::make(0, ++m_serial, 0);
    auto made = requestOf(sent, id);
    if (const auto *refused = std::get_if<RefusedRequest>(&made))
        return refusal(refused->status, refused->error);

    const auto &data = std::get<0>(made);
    const std::optional<quint8> port = m_server->httpPort(m_handler);
    if (!port)
        return refusal(0, Error(Error::Invalid, QStringLiteral("no routes are registered for the handler \"%1\": call "
                                                               "app.port(\"%1\", …) in install()")
                                                    .arg(QString::fromUtf8(m_handler))));
    data->port = *port;
    if (const QString problem = errorOfBody(sent, *data); !problem.isEmpty())
        return refusal(0, Error(Error::Invalid, problem));
    return data;
}

TestResponse TestHarnessPrivate::answer(const TestRequest &sent, const RequestData &data)
{
    const quint64 id = data->id;
    Exchange exchange{data, QExplicitlySharedDataPointer(new ResponsePrivate(id, this)), sent,
                      QDeadlineTimer(deadline, Qt::PreciseTimer)};
    exchange.isHead = sent.method == "HEAD";
    m_open[id] = &exchange;
    const bool isAuthors = handle(exchange);
    const bool isSlow = exchange.deadline.hasExpired();
    wait(exchange);
    if (!exchange.isOver)
        giveUp(exchange, isSlow);
    QCoreApplication::sendPostedEvents(this); // what its author is to be told "soon"
    m_server->tasks().tellPending();
    m_open.erase(id);
    if (isAuthors)
        m_pipeline->clean(exchange.request.data());
    return exchange.received;
}

QString TestHarnessPrivate::errorOfBody(const TestRequest &sent, const RequestPrivate &request) const
{
    QByteArrayView type;
    for (const RequestPrivate::HeaderView &field : request.headers) {
        if (equalsIgnoringCase(field.name, "Content-Type"))
            type = field.value;
    }
    const QByteArrayView form("multipart/form-data");
    if (!sent.parts.isEmpty() || !equalsIgnoringCase(type.first(qMin(type.size(), form.size())), form))
        return QString();
    const Router::Match match = m_pipeline->match(request);
    if (match.outcome == Router::Outcome::Found && m_pipeline->routeAt(match.route).streamBody)
        return QString(); // its handler reads the bytes themselves
    return QStringLiteral("the harness does not read the parts of a multipart/form-data body that is given as bytes: "
                          "make it with TestRequest::addField() and addFile()");
}

bool TestHarnessPrivate::handle(Exchange &exchange)
{
    RequestPrivate &data = *exchange.request;
    const auto now = std::chrono::steady_clock::now();
    data.journey = {.generation = 1, .received = now, .dispatched = now, .started = now};
    bool isAuthors = m_pipeline->hasReceivedHooks();
    Router::Match match;
    if (!isAuthors) {
        match = m_pipeline->route(data);
        isAuthors = match.outcome == Router::Outcome::Found;
    }
    Request request(&data);
    Response response(exchange.response.data());
    try {
        m_pipeline->run(
            match, request, response, data, *exchange.response, [] {},
            [&](const RouteSpec &route) {
                if (route.streamBody)
                    data.putIntoInbox([this, id = data.id](const QString &problem) { failed(id, problem); });
            });
    } catch (...) {
        failed(data.id, textOfCurrentException());
    }
    if (!exchange.response->deferred)
        exchange.response->finish();
    return isAuthors;
}

void TestHarnessPrivate::wait(Exchange &exchange)
{
    if (exchange.isOver || exchange.deadline.hasExpired())
        return;
    QEventLoop loop;
    QTimer timer;
    timer.setSingleShot(true);
    timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&timer, &QTimer::timeout, &loop, &QEventLoop::quit);
    timer.start(std::chrono::ceil<std::chrono::milliseconds>(exchange.deadline.remainingTimeAsDuration()));
    exchange.waiting = &loop;
    loop.exec();
    exchange.waiting = nullptr;
}

void TestHarnessPrivate::giveUp(Exchange &exchange, bool isSlow)
{
    const quint64 id = exchange.request->id;
    const QString time = QString::number(deadline.count());
    ResponseStreamPrivate::Callback closed;
    if (exchange.stream) {
        note(exchange, Error::Timeout,
             QStringLiteral("the stream did not end within %1 ms: end it, set TestRequest::until if it has no end, or "
                            "allow more by setDeadline()")
                 .arg(time));
        closed = exchange.stream->close();
    } else {
        const QString problem =
            isSlow ? QStringLiteral("the handler did not return within %1 ms: let it answer later, see "
                                    "Response::defer(), or allow more by setDeadline()")
                   : QStringLiteral("no answer within %1 ms: end the deferred response, or allow more by "
                                    "setDeadline()");
        note(exchange, Error::Timeout, problem.arg(time) + (isSlow ? QString() : adviceOnTasks()));
        exchange.received.status = 504;
        exchange.received.isErrorPage = true;
        exchange.response->cancel();
    }
    m_open.erase(id); // nobody waits: what comes from now on is dropped
    callAuthor(id, closed);
    if (exchange.request->rare && exchange.request->rare->inbox) {
        const std::shared_ptr<BodyInbox> inbox = exchange.request->rare->inbox;
        callAuthor(id, [&inbox] { inbox->end(false); });
        inbox->discard();
    }
}

QString TestHarnessPrivate::adviceOnTasks() const
{
    const QList<TestTask> tasks = m_server->tasks().waiting();
    if (tasks.isEmpty())
        return {};
    return QStringLiteral("; %1, \"%2\" the first: if the answer waits for one, call runTasks() while it does, by "
                          "QTimer::singleShot()")
        .arg(tasks.size() == 1 ? QStringLiteral("1 task or event waits")
                               : QStringLiteral("%1 tasks and events wait").arg(tasks.size()),
             QString::fromUtf8(tasks.first().name));
}

void TestHarnessPrivate::setName(const QString &name)
{
    const auto rename = [&name](auto &specs) {
        for (auto &spec : specs)
            spec.plugin = name;
    };
    rename(m_application->routes);
    rename(m_application->cronJobs);
    rename(m_application->listeners);
    rename(m_application->messageHandlers);
    rename(m_application->hooks);
}

TestHarnessPrivate::Exchange *TestHarnessPrivate::find(quint64 id) const
{
    const auto found = m_open.find(id);
    return found == m_open.end() || found->second->isOver ? nullptr : found->second;
}

void TestHarnessPrivate::responseReady(quint64 id, const Answer &answer)
{
    Exchange *exchange = find(id);
    if (!exchange) {
        if (answer.stream)
            callAuthor(id, answer.stream->close());
        return;
    }
    Answer ready = answer;
    try {
        const QString problem = m_pipeline->generated(exchange->request.data(), exchange->response.data(), this, ready);
        if (!problem.isEmpty())
            note(*exchange, Error::Internal, Pipeline::withPlace(problem, *exchange->request));
    } catch (...) {
        note(*exchange, Error::Internal, Pipeline::withPlace(textOfCurrentException(), *exchange->request));
        if (ready.stream)
            ready.stream->release();
        ready = {.kind = errorPage, .status = 500};
    }
    receive(*exchange, ready);
}

void TestHarnessPrivate::responseDropped(quint64 id)
{
    Exchange *exchange = find(id);
    if (!exchange)
        return;
    note(*exchange, Error::Internal,
         Pipeline::withPlace(QStringLiteral("the response was deferred and then forgotten: call end()"),
                             *exchange->request));
    responseReady(id, {.kind = errorPage, .status = 500});
}

void TestHarnessPrivate::receive(Exchange &exchange, const Answer &answer)
{
    if (exchange.deadline.hasExpired()) {
        // The client has its 504 already.
        if (answer.stream)
            callAuthor(exchange.request->id, answer.stream->close());
        return;
    }
    TestResponse &received = exchange.received;
    received.status = answer.status;
    received.headers = fieldsOf(answer.headerBlock);
    const bool hasBody = !exchange.isHead && mayHaveBody(answer.status);
    switch (answer.kind) {
    case Answer::Kind::Stream:
        if (hasBody) {
            exchange.stream = answer.stream;
            streamWritten(exchange.request->id);
            return;
        }
        finish(exchange);
        callAuthor(exchange.request->id, answer.stream->close());
        return;
    case Answer::Kind::File:
        if (hasBody)
            receiveFile(exchange, answer.file);
        break;
    case Answer::Kind::ErrorPage:
        received.isErrorPage = true;
        break;
    case Answer::Kind::Upgrade:
        break;
    case Answer::Kind::Whole:
        if (hasBody)
            received.body = answer.body;
        break;
    }
    finish(exchange);
}

void TestHarnessPrivate::receiveFile(Exchange &exchange, const Answer::File &file)
{
    QFile source(QFile::decodeName(file.path));
    if (source.open(QIODevice::ReadOnly)) {
        exchange.received.body = source.readAll();
        return;
    }
    note(exchange, Error::Internal,
         QStringLiteral("the file that was to be sent cannot be read: %1: %2")
             .arg(source.fileName(), source.errorString()));
    exchange.received.status = 500;
    exchange.received.isErrorPage = true;
}

void TestHarnessPrivate::streamWritten(quint64 id)
{
    Exchange *exchange = find(id);
    if (!exchange || !exchange->stream || exchange->deadline.hasExpired())
        return;
    const std::shared_ptr<ResponseStreamPrivate> stream = exchange->stream;
    const ResponseStreamPrivate::Taken taken = stream->take();
    for (const QByteArray &piece : taken.pieces)
        exchange->received.body += piece;
    ResponseStreamPrivate::Callback next;
    if (taken.failure != ResponseStreamPrivate::Failure::None) {
        note(*exchange, Error::Unavailable,
             QStringLiteral("the stream is broken off: %1").arg(ResponseStreamPrivate::textOf(taken.failure)));
        finish(*exchange);
        next = stream->close();
    } else if (taken.ended) {
        exchange->received.trailers = fieldsOf(taken.trailer);
        finish(*exchange);
        stream->release();
    } else if (exchange->sent.until && exchange->sent.until(exchange->received)) {
        finish(*exchange);
        next = stream->close();
    } else {
        next = stream->setWaiting(0);
    }
    callAuthor(id, next);
}

void TestHarnessPrivate::finish(Exchange &exchange)
{
    exchange.isOver = true;
    if (exchange.waiting)
        exchange.waiting->quit();
    if (exchange.request->rare && exchange.request->rare->inbox)
        std::shared_ptr(exchange.request->rare->inbox)->discard();
}

void TestHarnessPrivate::note(Exchange &exchange, Error::Code code, const QString &problem)
{
    // The first is the cause of those that follow. But an exception drops a stream's handles before it arrives here.
    if (!exchange.received.error || exchange.received.error->code() == Error::Unavailable)
        exchange.received.error = Error(code, problem);
}

void TestHarnessPrivate::callAuthor(quint64 id, const std::function<void()> &callback)
{
    if (!callback)
        return;
    try {
        callback();
    } catch (...) {
        failed(id, textOfCurrentException());
    }
}

void TestHarnessPrivate::failed(quint64 id, const QString &problem)
{
    const auto open = m_open.find(id);
    if (open == m_open.end()) {
        qWarning("request %s, which is over: %s", RequestId::text(id).constData(), qUtf8Printable(problem));
        return;
    }
    Exchange &exchange = *open->second;
    note(exchange, Error::Internal, Pipeline::withPlace(problem, *exchange.request));
    if (!exchange.response->finishWith({.kind = errorPage, .status = 500}))
        exchange.response->breakStream();
}

TestHarness::TestHarness(HandlerPlugin &plugin, const QVariantMap &settings, const TestMemory &memory)
    : d(std::make_unique<TestHarnessPrivate>(plugin, settings, memory))
{
}

TestHarness::~TestHarness() = default;

const Result<void> &TestHarness::installed() const
{
    return d->installed;
}

void TestHarness::setName(const QString &name)
{
    d->setName(name);
}

void TestHarness::setDeadline(std::chrono::milliseconds time)
{
    d->deadline = time;
    d->server().setDeadline(time);
}

TestResponse TestHarness::get(const QByteArray &target)
{
    return request({.target = target});
}

TestResponse TestHarness::post(const QByteArray &target, const QByteArray &body, const QByteArray &contentType)
{
    TestRequest sent{.method = QByteArrayLiteral("POST"), .target = target, .body = body};
    if (!contentType.isEmpty())
        sent.headers.append({QByteArrayLiteral("Content-Type"), contentType});
    return request(sent);
}

TestResponse TestHarness::request(const TestRequest &request)
{
    return d->run(request);
}

} // namespace Quern
