#pragma once

#include <Quern/result.h>

#include <QJsonObject>

#include <functional>

namespace Quern::tasks {
class Broker;
}

namespace Quern::app {

/// Called once with what the broker has answered, in its thread.
using BrokerAnswer = std::function<void(const Result<QJsonObject> &outcome)>;
/// Called in the broker's thread; it calls its answer, at once or later.
using BrokerQuestion = std::function<void(tasks::Broker &broker, const BrokerAnswer &answer)>;

} // namespace Quern::app
