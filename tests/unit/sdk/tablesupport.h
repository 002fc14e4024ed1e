#pragma once

#include "sdk/src/tablecore_p.h"
#include "sdk/src/tablesweep_p.h"

#include <Quern/table.h>

#include <QTest>

#include <memory>

/// A table in memory of its own, which forked processes share.
class TableFixture
{
public:
    explicit TableFixture(const Quern::TableInfo &info)
    {
        auto made = Quern::SharedArea::createAnonymous({{info}, {}});
        if (!made)
            qFatal("%s", qUtf8Printable(made.error().message()));
        area = *made;
        table = Quern::Table(area->tables().front());
    }

    Quern::TableCore &core() const { return *area->tables().front(); }
    void sweep() const { Quern::TableSweep(core(), Quern::TableSweep::Aim::All).finish(); }

    std::shared_ptr<Quern::SharedArea> area;
    Quern::Table table;
};

/// Columns of every kind.
inline Quern::TableInfo sampleTable(quint32 size)
{
    using Type = Quern::ColumnInfo::Type;
    return {QStringLiteral("sample"),
            size,
            {{QStringLiteral("count"), Type::Int, 8},
             {QStringLiteral("small"), Type::Int, 1},
             {QStringLiteral("rate"), Type::Float, 8},
             {QStringLiteral("title"), Type::String, 20}}};
}

inline QByteArray keyOf(int number)
{
    return "key " + QByteArray::number(number);
}
