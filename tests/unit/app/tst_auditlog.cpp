#include "app/server/auditlog.h"
#include "app/server/audittrail.h"
#include "app/server/log.h"

#include "admin/protocol/methods.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {
Q_LOGGING_CATEGORY(logMaster, "quern.master", QtInfoMsg)
} // namespace Quern::app

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

using admin::AuditEntry;
using app::AuditLog;
using app::AuditTrail;

/// Who has changed what: what is written down of it, and how it is read again.
class tst_AuditLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void entriesComeBackNewestFirst();
    void pages();
    void serialsGoOn();
    void aFullFileIsKeptOnce();
    void theFileIsPrivate();
    void aLineThatWasCutShort();
    void aFailureIsNoEnd();
    void aFileThatCannotBeRenamedGrowsOn();
    void aFileOfAnotherUser();
    void changesAreWrittenWithTheirOutcome();
    void operationsAreToldAtTheirEnd_data();
    void operationsAreToldAtTheirEnd();
    void operationsThatEndBeforeTheirReplies();
    void operationsOfTheProgramBefore();
    void whatLooksIsNotWritten();
    void oneIdForSeveralRequests();
    void refusalsAreBounded();
    void wrongTokensAreBounded();
    void floodsOfRefusals();
    void longTextsAreCut();
    void secretsAndPayloadsAreLeftOut();
    void longParametersAreCut();
};

namespace {

AuditEntry entryOf(const QString &who)
{
    AuditEntry entry;
    entry.time = QDateTime::fromMSecsSinceEpoch(1769860800123, Qt::UTC);
    entry.who = who;
    entry.role = u"admin"_s;
    entry.method = u"server.stop"_s;
    entry.params = {{u"a"_s, 1}};
    entry.outcome = AuditEntry::Outcome::Failed;
    entry.error = u"why\n\"so\""_s;
    return entry;
}

QList<qint64> serialsOf(const admin::AuditPage &page)
{
    QList<qint64> serials;
    for (const AuditEntry &entry : page.entries)
        serials.append(entry.serial);
    return serials;
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

struct Trail
{
    QList<AuditEntry> entries;
    base::MonotonicTime now = std::chrono::steady_clock::now();
    AuditTrail trail{[this](const AuditEntry &entry) { entries.append(entry); }, [this] { return now; }};
};

/// One that runs; with an error, be it empty, one that has ended.
admin::Operation operation(qint64 id, const std::optional<QString> &error = {})
{
    admin::Operation operation;
    operation.id = id;
    operation.error = error.value_or(QString());
    if (error)
        operation.state = error->isEmpty() ? admin::Operation::State::Succeeded : admin::Operation::State::Failed;
    return operation;
}

const admin::Caller caller = {7, admin::Role::Operator, u"token ci from 192.0.2.1"_s};

} // namespace

void tst_AuditLog::entriesComeBackNewestFirst()
{
    const QTemporaryDir folder;
    AuditLog log(folder.filePath(u"audit.log"_s));
    QVERIFY(log.read({})->entries.isEmpty());
    log.append(entryOf(u"one"_s));
    log.append(entryOf(u"two"_s));
    const Result<admin::AuditPage> page = log.read({});
    QVERIFY(page);
    QCOMPARE(page->entries.size(), 2);
    QCOMPARE(page->before, 0);
    AuditEntry expected = entryOf(u"two"_s);
    expected.serial = 2;
    QVERIFY(page->entries.at(0) == expected);
    QCOMPARE(page->entries.at(1).who, u"one"_s);
    // A line is one JSON object.
    const QByteArrayList lines = contentOf(folder.filePath(u"audit.log"_s)).split('\n');
    QCOMPARE(lines.size(), 3);
    QCOMPARE(QJsonDocument::fromJson(lines.at(1)).object(), expected.toJson());
}

void tst_AuditLog::pages()
{
    const QTemporaryDir folder;
    AuditLog log(folder.filePath(u"audit.log"_s));
    for (int i = 0; i < 7; ++i)
        log.append(entryOf(u"somebody"_s));
    QList<qint64> seen;
    admin::AuditQuery query = {3, 0};
    do {
        const Result<admin::AuditPage> page = log.read(query);
        QVERIFY(page && page->entries.size() <= 3);
        seen += serialsOf(*page);
        query.before = page->before;
    } while (query.before > 0);
    QCOMPARE(seen, (QList<qint64>{7, 6, 5, 4, 3, 2, 1}));
    QVERIFY(log.read({3, 1})->entries.isEmpty());
}

void tst_AuditLog::serialsGoOn()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    AuditLog(path).append(entryOf(u"one"_s));
    AuditLog(path).append(entryOf(u"two"_s));
    // Also when the file has just been begun anew.
    QVERIFY(QFile::rename(path, path + u".1"_s));
    AuditLog(path).append(entryOf(u"three"_s));
    QCOMPARE(serialsOf(*AuditLog(path).read({})), (QList<qint64>{3, 2, 1}));
}

void tst_AuditLog::aFullFileIsKeptOnce()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    constexpr qint64 largest = 1000;
    AuditLog log(path, largest);
    for (int i = 0; i < 30; ++i)
        log.append(entryOf(u"somebody"_s));
    QVERIFY(QFileInfo(path).size() <= largest && QFileInfo(path).size() > 0);
    QVERIFY(QFileInfo(path + u".1"_s).size() <= largest && QFileInfo(path + u".1"_s).size() > largest / 2);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 2);
    const QList<qint64> serials = serialsOf(*log.read({}));
    QCOMPARE(serials.constFirst(), 30);
    for (qsizetype i = 1; i < serials.size(); ++i)
        QCOMPARE(serials.at(i), serials.at(i - 1) - 1); // over both files, without a gap
    QVERIFY(serials.size() > 6);
}

void tst_AuditLog::theFileIsPrivate()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    QFile loose(path);
    QVERIFY(loose.open(QIODevice::WriteOnly));
    QVERIFY(loose.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ReadOther));
    AuditLog(path).append(entryOf(u"one"_s));
    struct stat info = {};
    QCOMPARE(::stat(QFile::encodeName(path).constData(), &info), 0);
    QCOMPARE(info.st_mode & 0777, 0600);
}

void tst_AuditLog::aLineThatWasCutShort()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    AuditLog(path).append(entryOf(u"one"_s));
    QFile file(path);
    QVERIFY(file.open(QIODevice::Append));
    file.write("{\"serial\":2,\"time\n\nnonsense\n");
    file.close();
    AuditLog log(path);
    log.append(entryOf(u"two"_s));
    QCOMPARE(serialsOf(*log.read({})), (QList<qint64>{2, 1}));
}

void tst_AuditLog::aFailureIsNoEnd()
{
    const QTemporaryDir folder;
    const QString place = folder.filePath(u"later"_s);
    AuditLog log(place + u"/audit.log"_s);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(u"what is changed is not written down: cannot open .*audit.log"_s));
    log.append(entryOf(u"lost"_s));
    log.append(entryOf(u"lost as well, and not told again"_s));
    QVERIFY(QDir().mkdir(place));
    log.append(entryOf(u"three"_s));
    QCOMPARE(serialsOf(*log.read({})), QList<qint64>{3});
}

void tst_AuditLog::aFileThatCannotBeRenamedGrowsOn()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    QVERIFY(QDir().mkdir(path + u".1"_s));
    AuditLog log(path, 1000);
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"cannot rename .*audit.log.*; it grows on"_s));
    QList<qint64> all;
    for (int i = 0; i < 20; ++i) {
        log.append(entryOf(u"somebody"_s));
        all.prepend(i + 1);
    }
    QCOMPARE(serialsOf(*log.read({})), all);
    // Until that can be done.
    QVERIFY(QDir().rmdir(path + u".1"_s));
    log.append(entryOf(u"somebody"_s));
    QVERIFY(QFileInfo(path + u".1"_s).size() > 1000 && QFileInfo(path).size() < 1000);
}

void tst_AuditLog::aFileOfAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("only root can make one");
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"audit.log"_s);
    QFile theirs(path);
    QVERIFY(theirs.open(QIODevice::WriteOnly));
    theirs.close();
    QCOMPARE(::chmod(QFile::encodeName(path).constData(), 0666), 0);
    QCOMPARE(::chmod(QFile::encodeName(folder.path()).constData(), 0777), 0);
    constexpr uid_t nobody = 65534;
    QCOMPARE(::seteuid(nobody), 0);
    {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"cannot close .*audit.log to others: .*belong to"_s));
        AuditLog log(path);
        log.append(entryOf(u"one"_s));
        log.append(entryOf(u"two"_s));
        [&] { QCOMPARE(serialsOf(*log.read({})), (QList<qint64>{2, 1})); }();
    }
    QCOMPARE(::seteuid(0), 0);
}

void tst_AuditLog::changesAreWrittenWithTheirOutcome()
{
    Trail t;
    t.trail.requestReceived(caller, {1, u"cron.run"_s, {{u"job"_s, u"clean"_s}}});
    t.trail.requestReceived(caller, {2, u"server.reload"_s, {}});
    QVERIFY(t.entries.isEmpty());
    t.trail.replySent(7, {2, Error(Error::Busy, u"stopping"_s)});
    t.trail.replySent(7, {1, QJsonObject()});
    t.trail.replySent(8, {1, QJsonObject()});
    QCOMPARE(t.entries.size(), 2);
    QCOMPARE(t.entries.at(0).method, u"server.reload"_s);
    QVERIFY(t.entries.at(0).outcome == AuditEntry::Outcome::Failed);
    QCOMPARE(t.entries.at(0).error, u"stopping"_s);
    const AuditEntry &run = t.entries.at(1);
    QCOMPARE(run.who, caller.name);
    QCOMPARE(run.role, u"operator"_s);
    QCOMPARE(run.params, (QJsonObject{{u"job"_s, u"clean"_s}}));
    QVERIFY(run.outcome == AuditEntry::Outcome::Done);
    QVERIFY(qAbs(run.time.msecsTo(QDateTime::currentDateTimeUtc())) < 60'000);
}

void tst_AuditLog::operationsAreToldAtTheirEnd_data()
{
    QTest::addColumn<QString>("error");
    QTest::newRow("well") << QString();
    QTest::newRow("badly") << u"the plugin throws"_s;
}

void tst_AuditLog::operationsAreToldAtTheirEnd()
{
    QFETCH(const QString, error);
    Trail t;
    t.trail.requestReceived(caller, {1, u"server.reload"_s, {{u"a"_s, 1}}});
    t.trail.replySent(7, {1, QJsonObject{{u"operation"_s, 5}}});
    QCOMPARE(t.entries.size(), 1);
    const AuditEntry begun = t.entries.takeFirst();
    QVERIFY(begun.outcome == AuditEntry::Outcome::Begun);
    QCOMPARE(begun.params, (QJsonObject{{u"a"_s, 1}, {u"operation"_s, 5}}));
    t.trail.operationChanged(operation(5));
    t.trail.operationChanged(operation(6, error));
    QVERIFY(t.entries.isEmpty());
    for (int i = 0; i < 2; ++i) // once
        t.trail.operationChanged(operation(5, error));
    QCOMPARE(t.entries.size(), 1);
    AuditEntry ended = t.entries.constFirst();
    QVERIFY(ended.outcome == (error.isEmpty() ? AuditEntry::Outcome::Done : AuditEntry::Outcome::Failed));
    QCOMPARE(ended.error, error);
    QVERIFY(ended.time >= begun.time);
    ended.time = begun.time;
    ended.outcome = begun.outcome;
    ended.error = begun.error;
    QVERIFY(ended == begun);
}

void tst_AuditLog::operationsThatEndBeforeTheirReplies()
{
    Trail t;
    for (const QString &error : {QString(), u"why"_s}) {
        t.trail.requestReceived(caller, {1, u"server.drain"_s, {}});
        t.trail.operationChanged(operation(5, error));
        t.trail.replySent(7, {1, QJsonObject{{u"operation"_s, 5}}});
        QCOMPARE(t.entries.size(), 1);
        const AuditEntry entry = t.entries.takeFirst();
        QVERIFY(entry.outcome == (error.isEmpty() ? AuditEntry::Outcome::Done : AuditEntry::Outcome::Failed));
        QCOMPARE(entry.error, error);
    }
}

void tst_AuditLog::operationsOfTheProgramBefore()
{
    Trail before;
    before.trail.requestReceived(caller, {1, u"server.restart"_s, {}});
    before.trail.replySent(7, {1, QJsonObject{{u"operation"_s, 5}}});
    QCOMPARE(before.trail.begunBy(5).size(), 1);
    QVERIFY(before.trail.begunBy(4).isEmpty());
    Trail t;
    t.trail.resume(5, before.trail.begunBy(5));
    t.trail.operationChanged(operation(5, QString()));
    QCOMPARE(t.entries.size(), 1);
    QVERIFY(t.entries.constFirst().outcome == AuditEntry::Outcome::Done);
    QCOMPARE(t.entries.constFirst().who, caller.name);
    QCOMPARE(t.entries.constFirst().method, u"server.restart"_s);
}

void tst_AuditLog::whatLooksIsNotWritten()
{
    Trail t;
    for (const admin::MethodAccess &access : admin::methodAccess()) {
        t.trail.requestReceived(caller, {1, access.method, {}});
        t.trail.replySent(7, {1, QJsonObject()});
        QCOMPARE(t.entries.size(), access.isChange ? 1 : 0);
        t.entries.clear();
    }
    t.trail.requestReceived(caller, {1, u"no.such"_s, {}});
    t.trail.replySent(7, {1, Error(Error::NotFound, {})});
    QVERIFY(t.entries.isEmpty());
}

void tst_AuditLog::oneIdForSeveralRequests()
{
    Trail t;
    t.trail.requestReceived(caller, {1, u"server.reload"_s, {}});
    t.trail.requestReceived(caller, {1, u"cron.run"_s, {}});
    t.trail.replySent(7, {1, QJsonObject()});
    t.trail.replySent(7, {1, QJsonObject()});
    t.trail.replySent(7, {1, QJsonObject()});
    QCOMPARE(t.entries.size(), 2);
    QCOMPARE(t.entries.at(1).method, u"cron.run"_s);
}

void tst_AuditLog::refusalsAreBounded()
{
    Trail t;
    for (int i = 0; i < 100; ++i)
        t.trail.requestRefused(caller, {1, u"server.stop"_s, {{u"much"_s, QString(200, u'm')}}});
    QCOMPARE(t.entries.size(), 1);
    QVERIFY(t.entries.at(0).outcome == AuditEntry::Outcome::Refused);
    QCOMPARE(t.entries.at(0).method, u"server.stop"_s);
    QVERIFY(t.entries.at(0).params.isEmpty());
}

void tst_AuditLog::wrongTokensAreBounded()
{
    Trail t;
    for (int i = 0; i < 100; ++i)
        t.trail.tokenRefused(u"192.0.2.1"_s);
    QCOMPARE(t.entries.size(), 1);
    QCOMPARE(t.entries.at(0).who, u"somebody from 192.0.2.1"_s);
    QVERIFY(t.entries.at(0).method.isEmpty() && t.entries.at(0).role.isEmpty());
}

void tst_AuditLog::floodsOfRefusals()
{
    constexpr int most = app::RefusalThrottle::MostAnHour;
    Trail t;
    for (int second = 0; second < 3600; ++second, t.now += std::chrono::seconds(1)) {
        t.trail.requestRefused(caller, {1, u"server.stop"_s, {}});
        t.trail.tokenRefused(u"192.0.2.%1"_s.arg(second % 256));
    }
    QCOMPARE(t.entries.size(), 2 * most);
    QVERIFY(t.entries.constLast().error.endsWith(u"; others within the hour are left out"_s));
    // Neither keeps the other from being told of, nor for longer than that.
    t.trail.requestRefused(caller, {1, u"server.stop"_s, {}});
    QCOMPARE(t.entries.size(), 2 * most + 1);
    QCOMPARE(t.entries.constLast().error,
             u"the role may not; and %1 others since the last line like this"_s.arg(3600 - most));
    t.trail.tokenRefused(u"192.0.2.1"_s);
    QCOMPARE(t.entries.size(), 2 * most + 2);
}

void tst_AuditLog::longTextsAreCut()
{
    const QString text = QString(900'000, u'x');
    Trail t;
    t.trail.requestReceived(caller, {1, u"process.recycle"_s, {{u"process"_s, text}}});
    t.trail.replySent(7, {1, Error(Error::NotFound, u"there is no process "_s + text)});
    for (const bool isEarly : {true, false}) {
        const admin::Operation failed = operation(isEarly ? 1 : 2, text);
        if (isEarly)
            t.trail.operationChanged(failed);
        t.trail.requestReceived(caller, {1, u"server.reload"_s, {}});
        t.trail.replySent(7, {1, QJsonObject{{u"operation"_s, failed.id}}});
        if (!isEarly)
            t.trail.operationChanged(failed);
    }
    QCOMPARE(t.entries.size(), 4); // of the last one two
    for (const AuditEntry &entry : t.entries)
        QVERIFY(QJsonDocument(entry.toJson()).toJson().size() < 1000);
}

void tst_AuditLog::secretsAndPayloadsAreLeftOut()
{
    const QJsonObject params = {{u"key"_s, u"user:1"_s},
                                {u"password"_s, u"geheim"_s},
                                {u"payload"_s, QJsonObject{{u"a"_s, u"geheim"_s}}},
                                {u"list"_s, QJsonArray{QJsonObject{{u"api_token"_s, u"geheim"_s}}, 5}},
                                {u"name"_s, QString(300, u'n')}};
    const QJsonObject audited = app::auditedParams(params);
    const QByteArray text = QJsonDocument(audited).toJson();
    QVERIFY2(!text.contains("geheim"), text.constData());
    QCOMPARE(audited["key"_L1].toString(), u"user:1"_s);
    QCOMPARE(audited["password"_L1].toString(), u"***"_s);
    QCOMPARE(audited["payload"_L1].toString(), u"left out"_s);
    QCOMPARE(audited["list"_L1][1].toInt(), 5);
    QCOMPARE(audited["name"_L1].toString(), QString(256, u'n') + u'…');
}

void tst_AuditLog::longParametersAreCut()
{
    QJsonObject params;
    for (int i = 0; i < 1000; ++i)
        params.insert(QString::number(i), u"\n\n\n\n"_s);
    const QByteArray text = QJsonDocument(app::auditedParams(params)).toJson(QJsonDocument::Compact);
    QVERIFY2(text.size() <= 4096, QByteArray::number(text.size()).constData());
    QVERIFY(text.contains("tooLong"));
}

QTEST_GUILESS_MAIN(tst_AuditLog)
#include "tst_auditlog.moc"
