#include "app/server/audittrail.h"

#include "admin/protocol/access.h"
#include "config/secrets.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QSet>

namespace Quern::app {

namespace {

constexpr qsizetype longestText = 256;
constexpr qsizetype longestParams = 4096;
/// Ends of operations that are remembered: a reply comes soon.
constexpr qint64 mostEnded = 100;

/// Members that hold what users of the server have written, and not what an operator does with it.
bool isPayload(const QString &name)
{
    static const QSet<QString> names = {QStringLiteral("payload"), QStringLiteral("data"),   QStringLiteral("body"),
                                        QStringLiteral("bytes"),   QStringLiteral("row"),    QStringLiteral("values"),
                                        QStringLiteral("text"),    QStringLiteral("message")};
    return names.contains(name);
}

/// "key" is where a row of a table is found.
bool isSecret(const QString &name)
{
    return name != u"key" && config::isSecretName(name);
}

/// Nobody is to fill the log with a text.
QString cut(const QString &text)
{
    return text.size() > longestText ? text.left(longestText) + u'…' : text;
}

QJsonValue auditedValue(const QString &name, const QJsonValue &value)
{
    if (isSecret(name))
        return QStringLiteral("***");
    if (isPayload(name))
        return QStringLiteral("left out");
    if (value.isObject()) {
        QJsonObject object = value.toObject();
        for (auto it = object.begin(); it != object.end(); ++it)
            it.value() = auditedValue(it.key(), it.value());
        return object;
    }
    if (value.isArray()) {
        QJsonArray array = value.toArray();
        for (QJsonValueRef element : array)
            element = auditedValue({}, element);
        return array;
    }
    return value.isString() ? QJsonValue(cut(value.toString())) : value;
}

admin::AuditEntry entryOf(const admin::Caller &caller, const admin::Request &request)
{
    admin::AuditEntry entry;
    entry.time = QDateTime::currentDateTimeUtc();
    entry.who = caller.name;
    entry.role = admin::roleName(caller.role);
    entry.method = cut(request.method);
    return entry;
}

} // namespace

QJsonObject auditedParams(const QJsonObject &params)
{
    const QJsonObject audited = auditedValue({}, params).toObject();
    const QByteArray text = QJsonDocument(audited).toJson(QJsonDocument::Compact);
    if (text.size() <= longestParams)
        return audited;
    // Within a string each quote and backslash takes two bytes.
    constexpr qsizetype cut = longestParams / 2 - 64;
    return {{QStringLiteral("tooLong"), QString::fromUtf8(text.left(cut))}};
}

std::optional<QString> RefusalThrottle::pass(base::MonotonicTime now)
{
    if (!m_hour || now - *m_hour >= std::chrono::hours(1)) {
        m_hour = now;
        m_written = 0;
    }
    if (m_written >= MostAnHour) {
        m_lines.leaveOut();
        return std::nullopt;
    }
    std::optional<QString> end = m_lines.pass(now);
    if (end && ++m_written == MostAnHour)
        *end += QStringLiteral("; others within the hour are left out");
    return end;
}

AuditTrail::AuditTrail(Write write, Clock clock, QObject *parent)
    : QObject(parent)
    , m_write(std::move(write))
    , m_clock(std::move(clock))
{
}

void AuditTrail::requestReceived(const admin::Caller &caller, const admin::Request &request)
{
    const admin::MethodAccess *access = admin::findMethodAccess(request.method);
    if (!access || !access->isChange)
        return;
    admin::AuditEntry entry = entryOf(caller, request);
    entry.params = auditedParams(request.params);
    m_underWay[{caller.client, request.id}].append(entry);
}

void AuditTrail::replySent(quint64 client, const admin::Reply &reply)
{
    const auto found = m_underWay.find({client, reply.id});
    if (found == m_underWay.end())
        return;
    admin::AuditEntry entry = found->takeFirst();
    if (found->isEmpty())
        m_underWay.erase(found);
    if (!reply.outcome) {
        entry.outcome = admin::AuditEntry::Outcome::Failed;
        entry.error = cut(reply.outcome.error().message());
    } else if (const qint64 operation = reply.outcome->value(QStringLiteral("operation")).toInteger()) {
        entry.params.insert(QStringLiteral("operation"), operation);
        const auto ended = m_ended.constFind(operation);
        if (ended == m_ended.cend()) {
            entry.outcome = admin::AuditEntry::Outcome::Begun;
            m_begun[operation].append(entry);
        } else if (!ended->isEmpty()) {
            entry.outcome = admin::AuditEntry::Outcome::Failed;
            entry.error = *ended;
        }
    }
    m_write(entry);
    Q_EMIT changeAnswered();
}

void AuditTrail::operationChanged(const admin::Operation &operation)
{
    if (operation.state == admin::Operation::State::Running)
        return;
    m_ended.remove(operation.id - mostEnded);
    m_ended.insert(operation.id, cut(operation.error));
    for (admin::AuditEntry entry : m_begun.take(operation.id)) {
        entry.time = QDateTime::currentDateTimeUtc();
        entry.outcome =
            operation.error.isEmpty() ? admin::AuditEntry::Outcome::Done : admin::AuditEntry::Outcome::Failed;
        entry.error = cut(operation.error);
        m_write(entry);
    }
}

void AuditTrail::resume(qint64 operation, const QList<admin::AuditEntry> &begun)
{
    if (!begun.isEmpty())
        m_begun[operation] += begun;
}

void AuditTrail::requestRefused(const admin::Caller &caller, const admin::Request &request)
{
    const std::optional<QString> others = m_refusals.pass(m_clock());
    if (!others)
        return;
    admin::AuditEntry entry = entryOf(caller, request);
    entry.outcome = admin::AuditEntry::Outcome::Refused;
    entry.error = QStringLiteral("the role may not") + *others;
    m_write(entry);
}

void AuditTrail::tokenRefused(const QString &address)
{
    const std::optional<QString> others = m_wrongTokens.pass(m_clock());
    if (!others)
        return;
    admin::AuditEntry entry;
    entry.time = QDateTime::currentDateTimeUtc();
    entry.who = QStringLiteral("somebody from %1").arg(address);
    entry.outcome = admin::AuditEntry::Outcome::Refused;
    entry.error = QStringLiteral("nobody holds this token") + *others;
    m_write(entry);
}

} // namespace Quern::app
