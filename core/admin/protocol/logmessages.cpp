#include "admin/protocol/logmessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<base::LogLevel> = std::to_array<EnumName<base::LogLevel>>({
    {base::LogLevel::Debug, "debug"_L1},
    {base::LogLevel::Info, "info"_L1},
    {base::LogLevel::Warning, "warning"_L1},
    {base::LogLevel::Error, "error"_L1},
});

template <>
constexpr auto fieldsOf<LogLine> = std::tuple{
    Field{"serial"_L1, &LogLine::serial},   Field{"time"_L1, &LogLine::time}, Field{"level"_L1, &LogLine::level},
    Field{"role"_L1, &LogLine::role},       Field{"pid"_L1, &LogLine::pid},   Field{"category"_L1, &LogLine::category},
    Field{"message"_L1, &LogLine::message},
};

template <>
constexpr auto fieldsOf<LogQuery> = std::tuple{
    Field{"lines"_L1, &LogQuery::lines},
    Field{"level"_L1, &LogQuery::level},
    Field{"role"_L1, &LogQuery::role},
    Field{"before"_L1, &LogQuery::before},
};

template <>
constexpr auto fieldsOf<LogPage> = std::tuple{
    Field{"lines"_L1, &LogPage::lines},
    Field{"before"_L1, &LogPage::before},
    Field{"dropped"_L1, &LogPage::dropped},
};

template <>
constexpr auto fieldsOf<LogLevelChange> = std::tuple{
    Field{"levels"_L1, &LogLevelChange::levels},
};

template <>
constexpr auto fieldsOf<LogLevelsInForce> = std::tuple{
    Field{"general"_L1, &LogLevelsInForce::general},
    Field{"categories"_L1, &LogLevelsInForce::categories},
};

LogLine LogLine::of(const base::LogRecord &record)
{
    return {qint64(record.serial),
            QDateTime::fromMSecsSinceEpoch(record.time, Qt::UTC),
            record.level,
            QString::fromUtf8(record.role),
            record.pid,
            QString::fromUtf8(record.category),
            QString::fromUtf8(record.text)};
}

base::LogRecord LogLine::toRecord() const
{
    base::LogRecord record;
    record.time = time.toMSecsSinceEpoch();
    record.level = level;
    record.role = base::printable(role.toUtf8());
    record.pid = pid;
    record.category = base::printable(category.toUtf8());
    record.text = base::printable(message.toUtf8());
    record.serial = quint64(serial);
    return record;
}

QJsonObject LogQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<LogQuery> LogQuery::fromJson(const QJsonObject &json)
{
    return fromGivenMembers<LogQuery>(json);
}

QJsonObject LogPage::toJson() const
{
    return toJsonObject(*this);
}

Result<LogPage> LogPage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<LogPage>(json);
}

QJsonObject LogPage::schema()
{
    return schemaOf<LogPage>();
}

QJsonObject LogLevelChange::toJson() const
{
    return toJsonObject(*this);
}

Result<LogLevelChange> LogLevelChange::fromJson(const QJsonObject &json)
{
    return fromJsonObject<LogLevelChange>(json);
}

QJsonObject LogLevelChange::schema()
{
    return schemaOf<LogLevelChange>();
}

QJsonObject LogLevelsInForce::toJson() const
{
    return toJsonObject(*this);
}

Result<LogLevelsInForce> LogLevelsInForce::fromJson(const QJsonObject &json)
{
    return fromJsonObject<LogLevelsInForce>(json);
}

QJsonObject LogLevelsInForce::schema()
{
    return schemaOf<LogLevelsInForce>();
}

} // namespace Quern::admin
