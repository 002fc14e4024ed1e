#pragma once

#include <Quern/testharness.h>

#include "application_p.h"
#include "pipeline_p.h"
#include "request_p.h"
#include "response_p.h"
#include "tablelayout_p.h"
#include "testserver_p.h"

#include <QDeadlineTimer>

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>

class QEventLoop;

namespace Quern {

/// The data behind TestHarness: a worker that has one client. Lives in the main thread.
class TestHarnessPrivate final : public ResponseSink
{
public:
    TestHarnessPrivate(HandlerPlugin &plugin, const QVariantMap &settings, const TestMemory &memory);
    ~TestHarnessPrivate() override;

    TestResponse run(const TestRequest &request);
    TestSocket openWebSocket(const TestRequest &request);

    void responseReady(quint64 id, const Answer &answer) override;
    void responseDropped(quint64 id) override;
    void streamWritten(quint64 id) override;
    void streamAwaited() override {}
    void callAuthor(quint64 id, const std::function<void()> &callback) override;

    /// See TestHarness::setName().
    void setName(const QString &name);

    /// See TestHarness::usePort().
    void usePort(const QByteArray &handler) { m_handler = handler; }
    TestServer &server() const { return *m_server; }
    /// See TestHarness::runCron().
    Result<void> runCron(const QByteArray &name, const QVariantMap &parameters);

    /// Calls the hooks of one kind. Returns the first Error.
    Result<void> runHooks(HookKind kind, const WorkerFailure &failure) const;
    /// See TestHarness::metric().
    std::optional<double> metric(QByteArrayView sample, const QMap<QByteArray, QByteArray> &labels) const;

    Result<void> installed;
    std::chrono::milliseconds deadline = std::chrono::seconds(5);

private:
    /// One request and the client that waits for its answer, on the stack of run().
    struct Exchange
    {
        QExplicitlySharedDataPointer<RequestPrivate> request;
        QExplicitlySharedDataPointer<ResponsePrivate> response;
        const TestRequest &sent;
        QDeadlineTimer deadline;
        TestResponse received = {};
        std::shared_ptr<ResponseStreamPrivate> stream = {};
        QEventLoop *waiting = nullptr; ///< while it spins
        bool isHead = false;           ///< as sent: hooks may have made another method of it
        bool isOver = false;
    };

    /// What the timer process would know of a cron job.
    struct CronState
    {
        quint64 runs = 0;
        bool isStopped = false; ///< by itself
    };

    using RequestData = QExplicitlySharedDataPointer<RequestPrivate>;

    /// What the server would make of \a sent; a whole TestResponse if it would refuse that, or the harness does.
    std::variant<RequestData, TestResponse> accept(const TestRequest &sent);
    TestResponse answer(const TestRequest &sent, const RequestData &data);
    Exchange *find(quint64 id) const;
    /// What is wrong with a body that the harness cannot read; empty if nothing is.
    QString errorOfBody(const TestRequest &sent, const RequestPrivate &request) const;
    /// Hooks, route, middleware and handler. Returns whether any code of the application was called.
    bool handle(Exchange &exchange);
    /// Spins the event loop until the answer is there or the deadline has passed.
    void wait(Exchange &exchange);
    /// The deadline has passed; \a isSlow: before the handler has returned.
    void giveUp(Exchange &exchange, bool isSlow);
    void receive(Exchange &exchange, const Answer &answer);
    void receiveFile(Exchange &exchange, const Answer::File &file);
    static void finish(Exchange &exchange);
    /// What to do about tasks that wait, while an answer does; empty if there are none.
    QString adviceOnTasks() const;
    static void note(Exchange &exchange, Error::Code code, const QString &problem);
    /// What the author did not catch.
    void failed(quint64 id, const QString &problem);

    /// Makes what server().table() and atomic() find.
    void shareMemory(const TestMemory &memory);

    std::shared_ptr<SharedArea> m_area;
    std::shared_ptr<SharedArea> m_areaBefore;                ///< what was found before
    const std::shared_ptr<ApplicationPrivate> m_application; ///< shared with a plugin that may have kept it
    std::optional<Pipeline> m_pipeline;
    std::unordered_map<quint64, Exchange *> m_open; ///< more than one if handlers send requests of their own
    std::shared_ptr<TestServer> m_server;
    QByteArray m_handler; ///< of the port that requests come in by
    quint64 m_serial = 0;
    std::map<QByteArray, CronState> m_cronJobs;
};

} // namespace Quern
