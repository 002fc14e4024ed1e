#include "admin-gui/models/pluginmodel.h"

#include "admin-gui/models/format.h"

#include <QCoreApplication>

namespace Quern::console {

namespace {

using admin::PluginInfo;
using admin::RouteInfo;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::PluginModel)
};

QString stateText(PluginInfo::State state)
{
    switch (state) {
    case PluginInfo::State::Loaded:
        return Text::tr("loaded");
    case PluginInfo::State::Disabled:
        return Text::tr("disabled");
    case PluginInfo::State::Ready:
        return Text::tr("ready");
    }
    return {};
}

Tone stateTone(PluginInfo::State state)
{
    return state == PluginInfo::State::Loaded     ? Tone::Good
           : state == PluginInfo::State::Disabled ? Tone::Faint
                                                  : Tone::Plain;
}

} // namespace

PluginModel::PluginModel(QObject *parent)
    : RecordModel<PluginInfo>([](const PluginInfo &each) { return each.place + u'\n' + each.file; }, parent)
{
    std::vector<console::Column<PluginInfo>> columns(File + 1);
    columns[Name] = {tr("Name"), std::mem_fn(&PluginInfo::name)};
    columns[Version] = {tr("Version"), std::mem_fn(&PluginInfo::version)};
    columns[State] = {tr("State"), [](const PluginInfo &each) { return stateText(each.state); }};
    columns[State].tone = [](const PluginInfo &each) { return stateTone(each.state); };
    columns[Routes] = numberColumn<PluginInfo>(
        tr("Routes"), [](const PluginInfo &each) { return format::count(each.routes.size()); },
        [](const PluginInfo &each) { return each.routes.size(); });
    columns[Place] = {tr("Settings"), [](const PluginInfo &each) { return each.place.section(u'/', -1); }};
    columns[Place].toolTip = [](const PluginInfo &each) {
        return each.place == u"default" ? tr("The settings name no plugin, so this one is loaded") : each.place;
    };
    columns[File] = {tr("File"), std::mem_fn(&PluginInfo::file)};
    columns[File].toolTip = std::mem_fn(&PluginInfo::file);
    setColumns(std::move(columns));
}

QString PluginModel::keyOfName(const QString &name) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (at(row).name == name)
            return index(row, Name).data(KeyRole).toString();
    }
    return {};
}

RouteModel::RouteModel(QObject *parent)
    : RecordModel<RouteInfo>([](const RouteInfo &each) { return each.method + u' ' + each.pattern; }, parent)
{
    std::vector<console::Column<RouteInfo>> columns(Pattern + 1);
    columns[Method] = {tr("Method"), std::mem_fn(&RouteInfo::method)};
    columns[Pattern] = {tr("Pattern"), std::mem_fn(&RouteInfo::pattern)};
    setColumns(std::move(columns));
}

} // namespace Quern::console
