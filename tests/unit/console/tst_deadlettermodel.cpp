#include "admin-gui/models/deadlettermodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_DeadLetterModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void letters();
    void idsAreNumbers();
    void filter();
    void countByName();
    void stores();

private:
    static constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;
};

namespace {

DeadLetter letter(const QString &id, const QString &name, const QString &error)
{
    DeadLetter letter;
    letter.id = id;
    letter.name = name;
    letter.error = error;
    letter.attempts = 3;
    letter.createdAt = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);
    letter.buriedAt = letter.createdAt.addMSecs(250);
    letter.payloadBytes = 20;
    return letter;
}

QStringList ids(const DeadLetterModel &model)
{
    QStringList ids;
    for (int row = 0; row < model.rowCount(); ++row)
        ids.append(model.index(row, 0).data(KeyRole).toString());
    return ids;
}

} // namespace

void tst_DeadLetterModel::letters()
{
    DeadLetterModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    DeadLetter event = letter(u"9223372036854775807"_s, u"paid"_s, u"it threw\nhere"_s);
    event.kind = DeadLetter::Kind::Event;
    event.store = DeadLetter::Store::Database;
    model.setRecords({event});
    QCOMPARE(model.columnCount(), DeadLetterModel::Store + 1);
    QCOMPARE(model.index(0, DeadLetterModel::Kind).data().toString(), u"event"_s);
    QCOMPARE(model.index(0, DeadLetterModel::Id).data().toString(), u"9223372036854775807"_s);
    QCOMPARE(model.index(0, DeadLetterModel::Error).data().toString(), u"it threw here"_s);
    QCOMPARE(model.index(0, DeadLetterModel::Error).data(Qt::ToolTipRole).toString(), u"it threw\nhere"_s);
    QCOMPARE(model.index(0, DeadLetterModel::Error).data(ToneRole).toInt(), int(Tone::Bad));
    QCOMPARE(model.index(0, DeadLetterModel::Store).data().toString(), u"database"_s);
    QVERIFY(!model.index(0, DeadLetterModel::Buried).data().toString().isEmpty());
}

void tst_DeadLetterModel::idsAreNumbers()
{
    DeadLetterModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({letter(u"10"_s, u"a"_s, {}), letter(u"9"_s, u"b"_s, {})});
    QCOMPARE(ids(model), (QStringList{u"10"_s, u"9"_s}));
    model.sort(DeadLetterModel::Id);
    QCOMPARE(ids(model), (QStringList{u"9"_s, u"10"_s}));
    model.putRecords({letter(u"11"_s, u"c"_s, {})});
    QCOMPARE(ids(model), (QStringList{u"9"_s, u"10"_s, u"11"_s}));
}

void tst_DeadLetterModel::filter()
{
    DeadLetterModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({letter(u"1"_s, u"mail"_s, u"no route"_s), letter(u"2"_s, u"mail"_s, u"refused"_s)});
    model.setFilter(u"MAIL route"_s);
    QCOMPARE(ids(model), QStringList{u"1"_s});
    model.putRecords({letter(u"3"_s, u"mail"_s, u"no route at all"_s)});
    QCOMPARE(ids(model), (QStringList{u"1"_s, u"3"_s}));
}

void tst_DeadLetterModel::countByName()
{
    DeadLetterModel model;
    model.setRecords({letter(u"1"_s, u"mail"_s, {}), letter(u"2"_s, u"mail"_s, {}), letter(u"3"_s, u"paid"_s, {})});
    model.setFilter(u"paid"_s);
    QCOMPARE(model.countByName(), (QMap<QString, int>{{u"mail"_s, 2}, {u"paid"_s, 1}}));
}

void tst_DeadLetterModel::stores()
{
    TaskStoreModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords({{u"memory"_s, 1, 2, 3, 0}, {u"database"_s, 0, 0, 0, 4}});
    QCOMPARE(model.index(0, TaskStoreModel::Delayed).data().toString(), u"2"_s);
    QCOMPARE(model.index(0, TaskStoreModel::Dead).data(ToneRole).toInt(), int(Tone::Plain));
    QCOMPARE(model.index(1, TaskStoreModel::Dead).data(ToneRole).toInt(), int(Tone::Warning));
}

QTEST_GUILESS_MAIN(tst_DeadLetterModel)
#include "tst_deadlettermodel.moc"
