#include "fuzzsupport.h"

#include "tables/rowfilter.h"
#include "tables/sharedtables.h"

using namespace Quern;
using fuzz::fail;

namespace {

Table madeTable()
{
    using Type = ColumnInfo::Type;
    Result<tables::SharedTables> made = tables::SharedTables::create({{{QStringLiteral("goods"),
                                                                        16,
                                                                        {{QStringLiteral("price"), Type::Float, 8},
                                                                         {QStringLiteral("stock"), Type::Int, 8},
                                                                         {QStringLiteral("title"), Type::String, 64}}}},
                                                                      {}});
    if (!made)
        fail("no table");
    Table table = *made->table(QStringLiteral("goods"));
    const auto add = [&table](const char *key, double price, int stock, const char *title) {
        table.set(key, {{QStringLiteral("price"), price},
                        {QStringLiteral("stock"), stock},
                        {QStringLiteral("title"), QByteArray(title)}});
    };
    add("tea", 2.5, 7, "Gr\xc3\xbcner Tee");
    add("tea bag", 0.1, -3, "stock>5 \"quoted\" \\");
    add("\xff", -1e300, 0, "");
    return table;
}

QString quoted(const QString &text)
{
    QString escaped = text;
    escaped.replace(u'\\', QStringLiteral("\\\\")).replace(u'"', QStringLiteral("\\\""));
    return u'"' + escaped + u'"';
}

/// Without the parser: whether the key or any value contains \a text.
bool contains(const KeyedRow &row, const QByteArray &text)
{
    return row.key.contains(text) || row.row.value(QStringLiteral("title")).toByteArray().contains(text) ||
           QByteArray::number(row.row.value(QStringLiteral("stock")).toLongLong()).contains(text) ||
           QByteArray::number(row.row.value(QStringLiteral("price")).toDouble(), 'g', -128).contains(text);
}

} // namespace

/// The input is a filter, and also a text to look for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Table table = madeTable();
    static const QList<KeyedRow> rows = table.rows().rows;
    const QByteArrayView bytes(data, qsizetype(size));
    const QString text = QString::fromUtf8(bytes);
    const Result<tables::RowFilter> filter = tables::RowFilter::parse(text, table);
    if (!filter && filter.error().message().isEmpty())
        fail("refused without a word", bytes);
    // What is asked for twice, with space around it, is the same.
    const Result<tables::RowFilter> twice = tables::RowFilter::parse(QStringLiteral(" %1  %1 ").arg(text), table);
    if (filter && !twice && text.size() < tables::RowFilter::MaxLength / 2 - 4 &&
        !twice.error().message().contains(QStringLiteral("words")))
        fail("asked for twice it is refused", bytes, twice.error().message().toUtf8());
    // In quotes it is a text, whatever it is.
    const QString asText = quoted(text);
    const Result<tables::RowFilter> found = tables::RowFilter::parse(asText, table);
    if (!found && !text.isEmpty() && asText.size() <= tables::RowFilter::MaxLength)
        fail("a text in quotes is refused", bytes, found.error().message().toUtf8());
    for (const KeyedRow &row : rows) {
        if (filter && twice && filter->matches(row.key, row.row) != twice->matches(row.key, row.row))
            fail("asked for twice it is another", bytes);
        if (filter && filter->onlyKey() && filter->matches(row.key, row.row) && row.key != *filter->onlyKey())
            fail("a row with another key", bytes);
        if (found && found->matches(row.key, row.row) != contains(row, text.toUtf8()))
            fail("a text in quotes is not what is looked for", bytes);
    }
    return 0;
}
