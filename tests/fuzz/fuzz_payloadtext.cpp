#include "fuzzsupport.h"

#include "admin-gui/models/payloadtext.h"

#include <QJsonDocument>

using namespace Quern;
using console::PayloadText;
using fuzz::fail;

/// The input is the payload of a dead letter: by its first byte bytes, CBOR, or JSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    using Kind = admin::DeadLetterPayload::Kind;
    const QByteArray bytes(reinterpret_cast<const char *>(data + 1), qsizetype(size - 1));
    admin::DeadLetterPayload payload;
    payload.kind = data[0] % 3 == 0 ? Kind::Bytes : data[0] % 3 == 1 ? Kind::Cbor : Kind::Map;
    payload.truncated = (data[0] & 0x80) != 0;
    payload.size = bytes.size();
    payload.bytes = QString::fromLatin1(bytes.toBase64());
    if (payload.kind == Kind::Map)
        payload.map = QJsonDocument::fromJson(bytes).object();
    const PayloadText text = PayloadText::of(payload);
    if (text.summary.isEmpty())
        fail("nothing is said of it", bytes);
    // The dump has 16 bytes a line, in four and a half characters each.
    const qsizetype most = PayloadText::LongestText + PayloadText::MostDumped * 6 + 1000;
    if (text.text.size() > most)
        fail("more than a window can hold", bytes);
    return 0;
}
