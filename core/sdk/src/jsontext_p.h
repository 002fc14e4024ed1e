#pragma once

#include <Quern/result.h>

#include <QByteArrayView>
#include <QJsonValue>

namespace Quern {

/// The value that a whole body is the JSON text of, see Request::json().
Result<QJsonValue> parseJson(QByteArrayView text);

} // namespace Quern
