#include "ipc/confinement.h"

#include <QCborArray>
#include <QCborValue>

#include <limits>

namespace Quern::ipc {

namespace {

constexpr qint64 highestId = std::numeric_limits<quint32>::max() - 1LL;
constexpr qint64 highestMask = 0777;

QCborValue toCbor(const std::optional<base::Identity> &user)
{
    if (!user)
        return QCborValue(nullptr);
    QCborArray groups;
    for (const gid_t group : user->groups)
        groups.append(qint64(group));
    return QCborMap{{QStringLiteral("uid"), qint64(user->uid)},
                    {QStringLiteral("gid"), qint64(user->gid)},
                    {QStringLiteral("groups"), groups}};
}

/// Takes one message apart, and remembers whether all of it was as it must be.
class Reader
{
public:
    bool isWhole() const { return m_isWhole; }

    qint64 number(const QCborValue &value, qint64 lowest, qint64 highest)
    {
        const bool isRight = value.isInteger() && value.toInteger() >= lowest && value.toInteger() <= highest;
        m_isWhole = m_isWhole && isRight;
        return isRight ? value.toInteger() : lowest;
    }

    QString text(const QCborValue &value)
    {
        m_isWhole = m_isWhole && value.isString();
        return value.toString();
    }

    QCborArray list(const QCborValue &value)
    {
        m_isWhole = m_isWhole && value.isArray();
        return value.toArray();
    }

    std::optional<base::Identity> user(const QCborValue &value)
    {
        if (value.isNull())
            return std::nullopt;
        m_isWhole = m_isWhole && value.isMap();
        const QCborMap map = value.toMap();
        base::Identity user;
        user.uid = uid_t(number(map.value(QLatin1StringView("uid")), 0, highestId));
        user.gid = gid_t(number(map.value(QLatin1StringView("gid")), 0, highestId));
        for (const QCborValue &group : list(map.value(QLatin1StringView("groups"))))
            user.groups.push_back(gid_t(number(group, 0, highestId)));
        return user;
    }

private:
    bool m_isWhole = true;
};

} // namespace

QCborMap Confinement::toCbor() const
{
    QCborArray limitList;
    for (const Limit &limit : limits)
        limitList.append(QCborMap{{QStringLiteral("name"), limit.name}, {QStringLiteral("value"), limit.value}});
    return {{QStringLiteral("user"), ipc::toCbor(user)},
            {QStringLiteral("name"), userName},
            {QStringLiteral("root"), root},
            {QStringLiteral("mask"), mask ? QCborValue(qint64(*mask)) : QCborValue(nullptr)},
            {QStringLiteral("limits"), limitList}};
}

Result<Confinement> Confinement::fromCbor(const QCborValue &value)
{
    const QCborMap map = value.toMap();
    Reader reader;
    Confinement result;
    result.user = reader.user(map.value(QLatin1StringView("user")));
    result.userName = reader.text(map.value(QLatin1StringView("name")));
    result.root = reader.text(map.value(QLatin1StringView("root")));
    if (const QCborValue mask = map.value(QLatin1StringView("mask")); !mask.isNull())
        result.mask = mode_t(reader.number(mask, 0, highestMask));
    for (const QCborValue &entry : reader.list(map.value(QLatin1StringView("limits")))) {
        const QCborMap limit = entry.toMap();
        result.limits.append({reader.text(limit.value(QLatin1StringView("name"))),
                              reader.number(limit.value(QLatin1StringView("value")), Limit::Unlimited,
                                            std::numeric_limits<qint64>::max())});
    }
    if (!value.isMap() || !reader.isWhole())
        return Error(Error::Protocol,
                     QStringLiteral("malformed message: it does not tell whom the child is to become"));
    return result;
}

} // namespace Quern::ipc
