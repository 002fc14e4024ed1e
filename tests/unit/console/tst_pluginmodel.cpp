#include "admin-gui/models/pluginmodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_PluginModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void plugins();
    void routes();
};

namespace {

constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;

const QList<admin::RouteInfo> manyRoutes{
    {u"POST"_s, u"/users"_s}, {u"GET"_s, u"/users/:id"_s}, {u"GET"_s, u"/about"_s}};

} // namespace

void tst_PluginModel::plugins()
{
    PluginModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    using State = admin::PluginInfo::State;
    model.setRecords({{u"users"_s, u"1.2.0"_s, State::Loaded, u"/p/users.so"_s, u"quern.toml:12"_s, manyRoutes},
                      {u"chat"_s, {}, State::Disabled, u"/p/chat.so"_s, u"quern.toml:20"_s, {}},
                      // The same file under other settings is another one.
                      {u"users"_s, u"1.2.0"_s, State::Ready, u"/p/users.so"_s, u"quern.toml:30"_s, {}}});
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.index(0, PluginModel::Routes).data().toString(), u"3"_s);
    QCOMPARE(model.index(0, PluginModel::State).data().toString(), u"loaded"_s);
    QCOMPARE(model.index(0, PluginModel::State).data(ToneRole).toInt(), int(Tone::Good));
    QCOMPARE(model.index(1, PluginModel::State).data().toString(), u"disabled"_s);
    QCOMPARE(model.index(1, PluginModel::State).data(ToneRole).toInt(), int(Tone::Faint));
    QCOMPARE(model.find(model.keyOfName(u"chat"_s))->file, u"/p/chat.so"_s);
    QCOMPARE(model.find(model.keyOfName(u"users"_s))->place, u"quern.toml:12"_s);
    QCOMPARE(model.keyOfName(u"nobody"_s), QString());
    model.sort(PluginModel::Routes, Qt::DescendingOrder);
    QCOMPARE(model.at(0).routes.size(), 3);
}

void tst_PluginModel::routes()
{
    RouteModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.setRecords(manyRoutes);
    QCOMPARE(model.at(0).pattern, u"/users"_s);
    model.setFilter(u"get users"_s);
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.at(0).pattern, u"/users/:id"_s);
}

QTEST_GUILESS_MAIN(tst_PluginModel)
#include "tst_pluginmodel.moc"
