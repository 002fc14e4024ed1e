#include "app/server/brokerthread.h"

#include "app/host/childidentity.h"
#include "app/host/taskplace.h"
#include "app/server/log.h"
#include "app/server/settingscheck.h"
#include "app/server/tasksettings.h"
#include "base/clock.h"
#include "loop/epolleventdispatcher.h"
#include "tasks/memorystore.h"
#include "tasks/sqlite/sqlitestore.h"

#include <QFileInfo>
#include <QTimerEvent>

#include <limits>
#include <tuple>
#include <utility>

namespace Quern::app {

namespace {

/// What processes print waits for the broker, which may wait for its disk: so many bytes.
constexpr qint64 mostPrinting = 8 * 1024 * 1024;

/// What nobody knows in the spill folder is removed this often at most.
constexpr std::chrono::milliseconds sweepInterval = std::chrono::hours(1);
/// No payload is under way to the broker, nor a result to its worker, for as long as this.
constexpr std::chrono::seconds underWayForLong = std::chrono::hours(1);

/// The server that has the database still, and was killed, is gone by then, as a rule.
constexpr std::chrono::milliseconds resumeInterval = std::chrono::milliseconds(500);

/// No child has this number: it stands for all those of the server before this.
constexpr quint64 formerServer = std::numeric_limits<quint64>::max();

tasks::StoreLimits limitsOf(const config::ServerSettings &server, qsizetype most)
{
    tasks::StoreLimits limits;
    limits.tasks = most;
    limits.memory = qint64(server.taskQueueMemory);
    limits.deadLetters = server.taskDeadLetterMax;
    return limits;
}

} // namespace

BrokerThread::BrokerThread(const config::Settings &settings, QObject *parent)
    : QObject(parent)
    , m_spill(taskSpillFolder(settings))
{
    m_thread.setObjectName(QStringLiteral("broker"));
    m_thread.setEventDispatcher(new loop::EpollEventDispatcher);
    m_context.moveToThread(&m_thread);
}

BrokerThread::~BrokerThread()
{
    if (!m_thread.isRunning())
        return;
    // It dies in its own thread, where its channels and timers live, and its database.
    callAndWait([this] {
        if (m_broker)
            m_broker->close();
        m_broker.reset();
    });
    m_thread.quit();
    m_thread.wait();
}

template <typename Function>
void BrokerThread::callAndWait(Function function)
{
    QMetaObject::invokeMethod(&m_context, std::move(function), Qt::BlockingQueuedConnection);
}

template <typename Function>
void BrokerThread::call(Function function)
{
    QMetaObject::invokeMethod(m_broker.get(), std::move(function), Qt::QueuedConnection);
}

Result<void> BrokerThread::start(const config::Settings &settings, process::Supervisor *supervisor)
{
    m_thread.start();
    callAndWait([&] {
        const config::ServerSettings &server = settings.server;
        const auto makeStores = [&](tasks::TaskStore::Client &client) {
            tasks::BrokerStores stores{.spill = m_spill};
            stores.allInMemory = server.taskDriver == config::TaskDriver::Memory;
            stores.allDurable = server.taskDriver == config::TaskDriver::Sqlite;
            stores.memory =
                std::make_unique<tasks::MemoryStore>(limitsOf(server, server.taskQueueMax), client, m_spill);
            return stores;
        };
        m_broker = std::make_unique<tasks::Broker>(makeStores, brokerSettings(settings));
    });
    if (const Result<void> prepared = prepareForTasks(settings); !prepared)
        return prepared;
    callAndWait([&] { tellUnused(settings); });
    connect(m_broker.get(), &tasks::Broker::stopped, this, &BrokerThread::stopped);
    follow(supervisor);
    return {};
}

Result<void> BrokerThread::prepareForTasks(const config::Settings &settings)
{
    if (m_isPrepared)
        return {};
    if (settings.server.taskWorkerNum == 0) {
        findLeftTasks(settings);
        return {};
    }
    const Result<std::optional<base::Identity>> user = childUser(settings.server);
    if (!user)
        return user.error();
    Result<void> prepared;
    callAndWait([&] {
        prepared = m_spill.prepare(*user);
        if (prepared && *user && !mayUse(settings.server, **user, taskSpillFolder(settings)))
            prepared = Error(Error::Permission,
                             QStringLiteral("user \"%1\" cannot reach the payloads of tasks in %2; let others pass the "
                                            "folders above it (chmod o+x), or name another file")
                                 .arg(settings.server.user, taskSpillFolder(settings)));
        if (prepared && usesTaskDatabase(settings.server))
            prepared = m_broker->openDatabase(opener(settings));
    });
    if (!prepared)
        return errorAtPath(settings, QStringLiteral("tasks.database"), prepared.error());
    m_hasSpillFolder = usesTaskDatabase(settings.server) || !QFileInfo::exists(taskDatabasePath(settings.server));
    m_isPrepared = true;
    return {};
}

void BrokerThread::findLeftTasks(const config::Settings &settings)
{
    const QString path = taskDatabasePath(settings.server);
    if (settings.server.taskDriver == config::TaskDriver::Memory || !QFileInfo::exists(path))
        return;
    qsizetype left = 0;
    Result<void> opened;
    callAndWait([&] {
        opened = m_broker->openDatabase([&](tasks::TaskStore::Client &client) {
            Result<std::unique_ptr<tasks::TaskStore>> store = openStore(settings, client);
            const tasks::TaskCounts counts = store ? (*store)->counts(base::wallClockMs()) : tasks::TaskCounts();
            left = counts.queued + counts.delayed;
            return store;
        });
    });
    if (!opened)
        qCWarning(logMaster).noquote() << "whether tasks wait in the database is not known:"
                                       << opened.error().message();
    else if (left > 0)
        qCWarning(logMaster).noquote() << left << (left == 1 ? "task waits" : "tasks wait") << "in" << path
                                       << "and nobody runs them: set task_worker_num in [server], for instance to 2";
}

void BrokerThread::tellUnused(const config::Settings &settings)
{
    const Result<LeftTasks> left = leftTasks(settings);
    if (left && settings.server.taskDriver == config::TaskDriver::Memory)
        m_spill.removeLeftovers([&left](const QByteArray &name) { return left->contents.spillFiles.contains(name); });
    if (!left)
        qCWarning(logMaster).noquote()
            << "whether tasks of earlier runs wait, which driver = \"memory\" does not run, is "
               "not known:"
            << left.error().message();
    else if (!left->isEmpty())
        qCWarning(logMaster).noquote().nospace()
            << left->text() << ": set driver = \"auto\" in [tasks] to have it back, or remove that file";
}

Result<std::unique_ptr<tasks::TaskStore>> BrokerThread::openStore(const config::Settings &settings,
                                                                  tasks::TaskStore::Client &client) const
{
    const config::ServerSettings &server = settings.server;
    Result<std::unique_ptr<tasks::SqliteStore>> opened = tasks::SqliteStore::open(
        taskDatabasePath(settings.server), limitsOf(server, server.taskDurableMax), client, m_spill);
    if (!opened)
        return opened.error();
    tasks::SqliteStore &store = **opened;
    m_spill.removeLeftovers([&store](const QByteArray &name) { return store.namesSpillFile(name); },
                            m_isShared ? underWayForLong : std::chrono::seconds(0));
    return std::unique_ptr<tasks::TaskStore>(std::move(*opened));
}

void BrokerThread::ask(quint64 token, BrokerQuestion question)
{
    const BrokerAnswer answer = [this, token](const Result<QJsonObject> &outcome) {
        QMetaObject::invokeMethod(
            this, [this, token, outcome] { Q_EMIT answered(token, outcome); }, Qt::QueuedConnection);
    };
    call([broker = m_broker.get(), question = std::move(question), answer] { question(*broker, answer); });
}

void BrokerThread::reconfigure(const config::Settings &settings)
{
    call([broker = m_broker.get(), own = brokerSettings(settings)] { broker->reconfigure(own); });
}

void BrokerThread::stop()
{
    if (isResuming()) {
        m_resumeTimer.stop();
        // What waits for the database, and what is in memory, has this last chance.
        if (!tryToResume())
            callAndWait([this] { std::ignore = m_broker->resume({}); });
    }
    call([broker = m_broker.get()] { broker->stop(); });
}

tasks::Broker::OpenDatabase BrokerThread::opener(const config::Settings &settings) const
{
    return [this, &settings](tasks::TaskStore::Client &client) { return openStore(settings, client); };
}

void BrokerThread::suspend()
{
    m_hadDatabase = m_broker->counters().hasDatabase;
    // What lies there is the other one's from now on.
    m_hadSpillFolder = m_hasSpillFolder.exchange(false);
    callAndWait([this] { m_broker->suspend(); });
}

void BrokerThread::forward(base::FileDescriptor fd)
{
    call([broker = m_broker.get(), fd = fd.release()] { broker->forward(fd); });
}

void BrokerThread::resume(const config::Settings &settings)
{
    m_isShared = true; // its own children have payloads under way
    m_resumed = settings;
    const Result<void> resumed = tryToResume();
    if (resumed)
        return;
    qCCritical(logMaster).noquote() << resumed.error().message() << "(tasks wait until it can be opened)";
    m_resumeTimer.start(int(resumeInterval.count()), this);
}

Result<void> BrokerThread::tryToResume()
{
    Result<void> resumed;
    callAndWait([&] { resumed = m_broker->resume(m_hadDatabase ? opener(m_resumed) : tasks::Broker::OpenDatabase()); });
    if (!resumed)
        return errorAtPath(m_resumed, QStringLiteral("tasks.database"), resumed.error());
    m_hasSpillFolder = m_hasSpillFolder || m_hadSpillFolder;
    return {};
}

void BrokerThread::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_resumeTimer.timerId() || !tryToResume())
        return;
    m_resumeTimer.stop();
    qCInfo(logMaster) << "the database of tasks is open again, and those that have waited go on";
}

void BrokerThread::addFormer(base::FileDescriptor fd)
{
    Result<ipc::ChildPage> page = ipc::ChildPage::create(1);
    if (!page) {
        qCWarning(logMaster).noquote() << "what the server before this still delivers is lost:"
                                       << page.error().message();
        return;
    }
    call([broker = m_broker.get(), fd = fd.release(), shared = std::make_shared<ipc::ChildPage>(std::move(*page))] {
        broker->addChild(fd, shared, {formerServer, {ipc::ChildRole::Boot}, 0});
    });
}

void BrokerThread::endFormer()
{
    call([broker = m_broker.get()] { broker->childDied(formerServer, QStringLiteral("it has ended"), false); });
}

void BrokerThread::follow(process::Supervisor *supervisor)
{
    using process::Supervisor;
    tasks::Broker *broker = m_broker.get();
    connect(supervisor, &Supervisor::childReady, this,
            [this, broker](const std::shared_ptr<process::ChildHandoff> &handoff) {
                call([broker, handoff] {
                    broker->addChild(handoff->brokerChannel.release(), handoff->page,
                                     {handoff->childId, handoff->who, handoff->generation});
                });
            });
    connect(supervisor, &Supervisor::generationActivated, this,
            [this, broker](int generation) { call([broker, generation] { broker->activate(generation); }); });
    connect(supervisor, &Supervisor::generationAdmitted, this,
            [this, broker](int generation) { call([broker, generation] { broker->admit(generation); }); });
    connect(supervisor, &Supervisor::drainRequested, this,
            [this, broker](quint64 childId) { call([broker, childId] { broker->drain(childId); }); });
    connect(supervisor, &Supervisor::childExited, this,
            [this, broker](quint64 childId, const process::ChildExit &exit) {
                call([this, broker, childId, exit] {
                    broker->childDied(childId, exit.text, exit.isFault);
                    sweep();
                });
            });
    connect(supervisor, &Supervisor::childPrinted, this, &BrokerThread::printed);
    connect(broker, &tasks::Broker::childDrained, supervisor, &Supervisor::drained);
    connect(broker, &tasks::Broker::childStuck, supervisor, &Supervisor::killStuck);
    connect(broker, &tasks::Broker::childUsedUp, supervisor, [supervisor](quint64 childId, const QString &reason) {
        supervisor->recycle(childId, process::RestartReason::UsedUp, reason);
    });
    connect(broker, &tasks::Broker::childUnreachable, supervisor, &Supervisor::childUnreachable);
}

void BrokerThread::sweep()
{
    if (!m_hasSpillFolder || (m_swept.isValid() && !m_swept.hasExpired(sweepInterval.count())))
        return;
    m_swept.start();
    m_spill.removeLeftovers([this](const QByteArray &name) { return m_broker->namesSpillFile(name); }, underWayForLong);
}

void BrokerThread::printed(const ipc::ChildIdentity &who, const QByteArray &bytes)
{
    if (m_printing.load(std::memory_order_relaxed) + bytes.size() > mostPrinting) {
        m_unprinted += bytes.size();
        return;
    }
    m_printing.fetch_add(bytes.size(), std::memory_order_relaxed);
    call([this, who, bytes, lost = std::exchange(m_unprinted, 0)] {
        m_broker->printed(who, bytes, lost);
        m_printing.fetch_sub(bytes.size(), std::memory_order_relaxed);
    });
}

} // namespace Quern::app
