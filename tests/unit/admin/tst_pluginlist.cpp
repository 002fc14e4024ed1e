#include "admin/protocol/message.h"
#include "admin/protocol/pluginlist.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;

class tst_PluginList : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void stateNames();
    void malformed();
};

namespace {

PluginList sample()
{
    PluginInfo shop;
    shop.name = QStringLiteral("shop");
    shop.version = QStringLiteral("1.2");
    shop.file = QStringLiteral("/srv/libshop.so");
    shop.place = QStringLiteral("quern.toml:7");
    shop.routes = {{QStringLiteral("GET"), QStringLiteral("/shop/:id")}};
    PluginInfo off;
    off.name = QStringLiteral("off");
    off.state = PluginInfo::State::Disabled;
    off.file = QStringLiteral("/srv/liboff.so");
    off.place = QStringLiteral("quern.toml:9");
    return {{shop, off}};
}

const QByteArray goldenSample =
    "{\"plugins\":[{\"file\":\"/srv/libshop.so\",\"name\":\"shop\",\"place\":\"quern.toml:7\","
    "\"routes\":[{\"method\":\"GET\",\"pattern\":\"/shop/:id\"}],\"state\":\"loaded\",\"version\":\"1.2\"},"
    "{\"file\":\"/srv/liboff.so\",\"name\":\"off\",\"place\":\"quern.toml:9\",\"routes\":[],"
    "\"state\":\"disabled\",\"version\":\"\"}]}\n";

} // namespace

void tst_PluginList::golden()
{
    QCOMPARE(encodeLine(sample().toJson()), goldenSample);
    const Result<PluginList> read = PluginList::fromJson(*decodeLine(goldenSample));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QVERIFY(*read == sample());
}

void tst_PluginList::stateNames()
{
    QCOMPARE(pluginStateName(PluginInfo::State::Loaded), QStringLiteral("loaded"));
    QCOMPARE(pluginStateName(PluginInfo::State::Disabled), QStringLiteral("disabled"));
    QCOMPARE(pluginStateName(PluginInfo::State::Ready), QStringLiteral("ready"));
}

void tst_PluginList::malformed()
{
    const QByteArray odd = QByteArray(goldenSample).replace("disabled", "asleep");
    const Result<PluginList> read = PluginList::fromJson(*decodeLine(odd));
    QVERIFY(!read);
    QVERIFY2(read.error().message().startsWith(u"plugins[1].state: must be one of"),
             qPrintable(read.error().message()));
}

QTEST_APPLESS_MAIN(tst_PluginList)
#include "tst_pluginlist.moc"
