#include "admin-gui/models/auditmodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// The audit log, page by page.
class tst_AuditModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsShown();
    void tones_data();
    void tones();
    void olderPagesFollow();
    void newOnesJoin();
    void aGapIsNotShownAsIfItWereNone();
    void aLogThatBeginsAnew();
};

namespace {

constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;

admin::AuditEntry entry(qint64 serial)
{
    admin::AuditEntry entry;
    entry.serial = serial;
    entry.time = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC).addSecs(serial);
    entry.who = u"token deploy from 127.0.0.1"_s;
    entry.role = u"operator"_s;
    entry.method = u"cron.run"_s;
    entry.params = {{u"job"_s, u"cleanup"_s}};
    return entry;
}

/// From \a newest down to \a oldest.
admin::AuditPage page(qint64 newest, qint64 oldest, qint64 before)
{
    admin::AuditPage page;
    for (qint64 serial = newest; serial >= oldest; --serial)
        page.entries.append(entry(serial));
    page.before = before;
    return page;
}

QList<qint64> serials(const AuditModel &model)
{
    QList<qint64> serials;
    for (int row = 0; row < model.rowCount(); ++row)
        serials.append(model.at(row).entry.serial);
    return serials;
}

} // namespace

void tst_AuditModel::whatIsShown()
{
    AuditModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    admin::AuditPage shown = page(2, 1, 0);
    shown.entries[1].method.clear();
    shown.entries[1].params = {};
    shown.entries[1].outcome = admin::AuditEntry::Outcome::Refused;
    shown.entries[1].error = u"nobody\nholds it"_s;
    model.putNewest(shown);
    const auto text = [&model](int row, int column) { return model.index(row, column).data().toString(); };
    QCOMPARE(text(0, AuditModel::Who), u"token deploy from 127.0.0.1"_s);
    QCOMPARE(text(0, AuditModel::Role), u"operator"_s);
    QCOMPARE(text(0, AuditModel::Method), u"cron.run"_s);
    QCOMPARE(text(0, AuditModel::Params), u"{\"job\":\"cleanup\"}"_s);
    QCOMPARE(text(0, AuditModel::Outcome), u"done"_s);
    QCOMPARE(text(1, AuditModel::Method), u"wrong token"_s);
    QCOMPARE(text(1, AuditModel::Params), QString());
    QCOMPARE(text(1, AuditModel::Error), u"nobody holds it"_s);
    model.setFilter(u"CLEANUP deploy"_s);
    QCOMPARE(serials(model), QList<qint64>{2});
}

void tst_AuditModel::tones_data()
{
    QTest::addColumn<admin::AuditEntry::Outcome>("outcome");
    QTest::addColumn<Tone>("tone");
    QTest::newRow("done") << admin::AuditEntry::Outcome::Done << Tone::Good;
    QTest::newRow("begun") << admin::AuditEntry::Outcome::Begun << Tone::Busy;
    QTest::newRow("failed") << admin::AuditEntry::Outcome::Failed << Tone::Bad;
    QTest::newRow("refused") << admin::AuditEntry::Outcome::Refused << Tone::Warning;
}

void tst_AuditModel::tones()
{
    QFETCH(admin::AuditEntry::Outcome, outcome);
    QFETCH(Tone, tone);
    AuditModel model;
    admin::AuditPage shown = page(1, 1, 0);
    shown.entries[0].outcome = outcome;
    model.putNewest(shown);
    QCOMPARE(model.index(0, AuditModel::Outcome).data(ToneRole).toInt(), int(tone));
    QVERIFY(!model.index(0, AuditModel::Outcome).data().toString().isEmpty());
}

void tst_AuditModel::olderPagesFollow()
{
    AuditModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.sort(AuditModel::Time, Qt::DescendingOrder);
    model.putNewest(page(9, 7, 7));
    QCOMPARE(model.olderThan(), 7);
    model.putOlder(page(6, 4, 4));
    QCOMPARE(model.olderThan(), 4);
    model.putOlder(page(3, 1, 0));
    QCOMPARE(model.olderThan(), 0);
    QCOMPARE(serials(model), (QList<qint64>{9, 8, 7, 6, 5, 4, 3, 2, 1}));
}

void tst_AuditModel::newOnesJoin()
{
    AuditModel model;
    model.sort(AuditModel::Time, Qt::DescendingOrder);
    model.putNewest(page(6, 5, 5));
    model.putOlder(page(4, 3, 3));
    model.putNewest(page(8, 7, 7)); // just so: 7 follows 6
    QCOMPARE(serials(model), (QList<qint64>{8, 7, 6, 5, 4, 3}));
    QCOMPARE(model.olderThan(), 3);
    model.putNewest(page(8, 7, 7));
    QCOMPARE(model.totalCount(), 6);
    QCOMPARE(model.olderThan(), 3);
}

void tst_AuditModel::aGapIsNotShownAsIfItWereNone()
{
    AuditModel model;
    model.sort(AuditModel::Time, Qt::DescendingOrder);
    model.putNewest(page(6, 5, 5));
    model.putNewest(page(9, 8, 8)); // 7 is in no page
    QCOMPARE(serials(model), (QList<qint64>{9, 8}));
    QCOMPARE(model.olderThan(), 8);
}

void tst_AuditModel::aLogThatBeginsAnew()
{
    AuditModel model;
    model.sort(AuditModel::Time, Qt::DescendingOrder);
    model.putNewest(page(60, 50, 50));
    model.putNewest(page(2, 1, 0));
    QCOMPARE(serials(model), (QList<qint64>{2, 1}));
    QCOMPARE(model.olderThan(), 0);
    model.putNewest({});
    QCOMPARE(model.totalCount(), 0);
}

QTEST_GUILESS_MAIN(tst_AuditModel)
#include "tst_auditmodel.moc"
