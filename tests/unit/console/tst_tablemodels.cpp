#include "admin-gui/models/rowtext.h"
#include "admin-gui/models/tablelistmodel.h"
#include "admin-gui/models/tablerowmodel.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_TableModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tables();
    void fullness_data();
    void fullness();
    void fill();
    void atomics();
    void rows();
    void rowsInOrder();
    void copiedRowsCanBeFilledIn();

private:
    static constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;
};

namespace {

const QList<TableColumn> columns{{u"stock"_s, TableColumn::Type::Int, 8},
                                 {u"rate"_s, TableColumn::Type::Float, 8},
                                 {u"title"_s, TableColumn::Type::String, 64}};

TableDescription prices()
{
    return {u"prices"_s, 1000, 3, 8192, 16384, columns};
}

QList<TableRow> sampleRows()
{
    return {{{"tea"}, {{u"stock"_s, 10}, {u"rate"_s, 0.5}, {u"title"_s, u"Green\ntea"_s}}},
            {{"rum"}, {{u"stock"_s, 9}, {u"rate"_s, u"NaN"_s}, {u"title"_s, QJsonObject{{u"base64"_s, u"AP8="_s}}}}},
            {{"\xff"},
             {{u"stock"_s, u"9223372036854775807"_s},
              {u"rate"_s, u"Infinity"_s},
              {u"title"_s, QJsonObject{{u"bytes"_s, 65536}}}}}};
}

QStringList column(const IndexedModel &model, int number)
{
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row)
        texts.append(model.index(row, number).data().toString());
    return texts;
}

} // namespace

void tst_TableModels::tables()
{
    TableListModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({prices()});
    QCOMPARE(model.index(0, TableListModel::Name).data(KeyRole).toString(), u"prices"_s);
    QVERIFY(model.index(0, TableListModel::Rows).data().toString().contains(QLocale().toString(1000)));
    QCOMPARE(model.index(0, TableListModel::Rows).data(FractionRole).toDouble(), 0.003);
    QCOMPARE(model.index(0, TableListModel::Memory).data(FractionRole).toDouble(), 0.5);
    QVERIFY(!model.index(0, TableListModel::Name).data(FractionRole).isValid());
    QCOMPARE(model.index(0, TableListModel::Columns).data().toString(), u"stock, rate, title"_s);
    QVERIFY(model.index(0, TableListModel::Columns).data(Qt::ToolTipRole).toString().contains(u"64"_s));
    model.clear();
    QCOMPARE(model.rowCount(), 0);
}

void tst_TableModels::fullness_data()
{
    QTest::addColumn<qint64>("rows");
    QTest::addColumn<int>("tone");
    QTest::newRow("with room") << qint64(899) << int(Tone::Plain);
    QTest::newRow("nearly full") << qint64(900) << int(Tone::Warning);
    QTest::newRow("full") << qint64(1000) << int(Tone::Bad);
}

void tst_TableModels::fullness()
{
    QFETCH(const qint64, rows);
    QFETCH(const int, tone);
    TableListModel model;
    TableDescription table = prices();
    table.rows = rows;
    model.setRecords({table});
    QCOMPARE(model.index(0, TableListModel::Rows).data(ToneRole).toInt(), tone);
}

void tst_TableModels::fill()
{
    TableListModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({prices()});
    model.setFill({{u"prices"_s, 500, 1000, 1, 16384}, {u"unknown"_s, 1, 2, 3, 4}});
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.find(u"prices"_s)->rows, 500);
    QCOMPARE(model.find(u"prices"_s)->columns, columns);
    QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    model.setFill({{u"prices"_s, 500, 1000, 1, 16384}});
    QCOMPARE(changes.size(), 0);
}

void tst_TableModels::atomics()
{
    AtomicModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({{u"visits"_s, {10}}, {u"errors"_s, {9}}});
    model.sort(AtomicModel::Value);
    QCOMPARE(column(model, AtomicModel::Name), (QStringList{u"errors"_s, u"visits"_s}));
}

void tst_TableModels::rows()
{
    TableRowModel model(columns);
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords(sampleRows());
    QCOMPARE(model.columnCount(), 4);
    QCOMPARE(model.headerData(0, Qt::Horizontal, Qt::DisplayRole).toString(), u"key"_s);
    QCOMPARE(model.headerData(3, Qt::Horizontal, Qt::DisplayRole).toString(), u"title"_s);
    QCOMPARE(column(model, 0), (QStringList{u"tea"_s, u"rum"_s, u"hex:ff"_s}));
    QCOMPARE(column(model, 1), (QStringList{u"10"_s, u"9"_s, u"9223372036854775807"_s}));
    QCOMPARE(column(model, 2), (QStringList{u"0.5"_s, u"NaN"_s, u"Infinity"_s}));
    QCOMPARE(model.index(0, 3).data().toString(), u"Green tea"_s);
    QCOMPARE(model.index(0, 3).data(Qt::ToolTipRole).toString(), u"Green\ntea"_s);
    QCOMPARE(model.index(1, 3).data().toString(), u"hex:00ff"_s);
    for (const QModelIndex &faint : {model.index(2, 0), model.index(1, 3), model.index(2, 3)})
        QCOMPARE(faint.data(ToneRole).toInt(), int(Tone::Faint));
    QCOMPARE(model.index(0, 3).data(ToneRole).toInt(), int(Tone::Plain));
    QCOMPARE(model.rowOfKey(u"hex:ff"_s), 2);
    QCOMPARE(model.find(u"hex:ff"_s)->key.bytes, QByteArray("\xff"));
}

void tst_TableModels::rowsInOrder()
{
    TableRowModel model(columns);
    const QAbstractItemModelTester tester(&model, Strict);
    model.sort(1);
    model.setRecords(sampleRows());
    QCOMPARE(column(model, 0), (QStringList{u"rum"_s, u"tea"_s, u"hex:ff"_s}));
    model.sort(2, Qt::DescendingOrder);
    QCOMPARE(column(model, 0), (QStringList{u"hex:ff"_s, u"tea"_s, u"rum"_s}));
    model.setRecords(sampleRows().first(2));
    QCOMPARE(column(model, 0), (QStringList{u"tea"_s, u"rum"_s}));
}

void tst_TableModels::copiedRowsCanBeFilledIn()
{
    TableRowModel model(columns);
    QList<TableRow> rows = sampleRows().first(2);
    rows.append({{"tab\t"}, {{u"stock"_s, -1}, {u"rate"_s, 1e300}, {u"title"_s, u"a\tb"_s}}});
    rows.append({{"quote"}, {{u"stock"_s, 0}, {u"rate"_s, -0.1}, {u"title"_s, u"\"a, b\" hex:"_s}}});
    model.setRecords(rows);
    QString text;
    for (int number = 0; number < model.columnCount(); ++number)
        text += model.headerData(number, Qt::Horizontal, Qt::DisplayRole).toString() + u'\t';
    text.chop(1);
    for (int row = 0; row < model.rowCount(); ++row) {
        QStringList cells;
        for (int number = 0; number < model.columnCount(); ++number)
            cells.append(model.copyText(model.index(row, number)));
        text += u'\n' + cells.join(u'\t');
    }
    const RowText parsed = RowText::parse(text, columns);
    QCOMPARE(parsed.mistakeCount, 0);
    QCOMPARE(parsed.rows, rows);
}

QTEST_GUILESS_MAIN(tst_TableModels)
#include "tst_tablemodels.moc"
