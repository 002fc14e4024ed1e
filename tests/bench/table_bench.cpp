// How many rows of a table are read, written and counted up in a second of processor time, by one process: columns INT
// and STRING of 64 bytes, by handles of the columns. Prints one JSON object.
//
//     table_bench [rows [seconds]]

#include "sdk/src/tablelayout_p.h"

#include <Quern/table.h>

#include <QByteArray>
#include <QList>

#include <cstdio>
#include <cstdlib>
#include <ctime>

using namespace Quern;

namespace {

/// Of processor time that this process has had: what else runs on the machine does not count.
double secondsUsed()
{
    timespec time = {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

/// Calls \a act with one key after the other, and returns how often in a second.
template <typename Act>
double rate(const QList<QByteArray> &keys, double seconds, Act act)
{
    constexpr qsizetype batch = 1000;
    const double start = secondsUsed();
    qsizetype at = 0;
    quint64 done = 0;
    while (secondsUsed() - start < seconds) {
        for (qsizetype i = 0; i < batch; ++i) {
            if (!act(keys[at])) {
                std::fputs("table_bench: an operation failed\n", stderr);
                std::exit(1);
            }
            at = at + 1 < keys.size() ? at + 1 : 0;
        }
        done += batch;
    }
    return double(done) / (secondsUsed() - start);
}

} // namespace

int main(int argc, char **argv)
{
    const int rows = argc > 1 ? std::atoi(argv[1]) : 1000;
    const double seconds = argc > 2 ? std::atof(argv[2]) : 1;
    if (rows < 1 || quint32(rows) > MaxTableSize) {
        std::fputs("table_bench: how many rows?\n", stderr);
        return 2;
    }
    const TableInfo info{
        QStringLiteral("bench"),
        quint32(rows),
        {{QStringLiteral("number"), ColumnInfo::Type::Int, 8}, {QStringLiteral("text"), ColumnInfo::Type::String, 64}}};
    const Result<std::shared_ptr<SharedArea>> area = SharedArea::createAnonymous({{info}, {}});
    if (!area) {
        std::fprintf(stderr, "table_bench: %s\n", qUtf8Printable(area.error().message()));
        return 1;
    }
    Table table((*area)->tables().front());
    const IntColumn number = *table.intColumn(QStringLiteral("number"));
    const StringColumn text = *table.stringColumn(QStringLiteral("text"));
    // In an order that is not the one in which they were made.
    QList<QByteArray> keys;
    for (int i = 0; i < rows; ++i)
        keys.append("key-" + QByteArray::number(qint64(i) * 7919 % rows));
    const QByteArray value(64, 'v');
    for (int i = 0; i < rows; ++i)
        table.set("key-" + QByteArray::number(i), {{number, i}, {text, value}});
    qint64 sum = 0;
    const double sets = rate(keys, seconds, [&](const QByteArray &key) {
        return table.set(key, {{number, sum}, {text, value}}).ok();
    });
    const double gets = rate(keys, seconds, [&](const QByteArray &key) {
        const Result<std::optional<Row>> row = table.read(key);
        if (!row || !*row)
            return false;
        sum += (*row)->value(number) + (*row)->view(text).back();
        return true;
    });
    const double increments =
        rate(keys, seconds, [&](const QByteArray &key) { return table.increment(key, number).ok(); });
    std::printf("{\"rows\": %d, \"set\": %.0f, \"get\": %.0f, \"increment\": %.0f}\n", rows, sets, gets, increments);
    return sum == 0;
}
