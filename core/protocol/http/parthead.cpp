#include "protocol/http/parthead.h"

#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"
#include "sdk/src/httpsyntax_p.h"

#include <utility>

namespace Quern::protocol::http {

namespace {

std::optional<Refusal> bad(const char *reason)
{
    return Refusal{400, reason};
}

bool isControl(char byte)
{
    return static_cast<quint8>(byte) < 0x20 || byte == 0x7f;
}

QByteArray valueOf(const Parameter &parameter)
{
    if (!parameter.isQuoted)
        return parameter.value.toByteArray();
    QByteArray bytes;
    bytes.reserve(parameter.value.size());
    for (qsizetype at = 0; at < parameter.value.size(); ++at) {
        const QByteArrayView rest = parameter.value.sliced(at);
        if (rest.startsWith("\\\"") || rest.startsWith("\\\\"))
            ++at;
        if (rest.startsWith("%22")) {
            bytes.append('"');
            at += 2;
        } else {
            bytes.append(parameter.value[at]);
        }
    }
    return bytes;
}

/// The text of an ext-value (RFC 8187 §3.2) in UTF-8; nullopt if it is malformed or holds a control character.
std::optional<QByteArray> extendedValue(QByteArrayView value)
{
    const qsizetype charsetEnd = value.indexOf('\'');
    const qsizetype languageEnd = charsetEnd < 0 ? -1 : value.indexOf('\'', charsetEnd + 1);
    if (languageEnd < 0 || !isIgnoringCase(value.first(charsetEnd), "utf-8"))
        return std::nullopt;
    QByteArray bytes;
    for (qsizetype at = languageEnd + 1; at < value.size(); ++at) {
        char byte = value[at];
        if (byte == '%') {
            const int decoded = escapedByte(value, at);
            if (decoded < 0)
                return std::nullopt;
            byte = static_cast<char>(decoded);
            at += 2;
        }
        if (isControl(byte))
            return std::nullopt;
        bytes.append(byte);
    }
    return bytes.isValidUtf8() ? std::optional(bytes) : std::nullopt;
}

std::optional<Refusal> parseDisposition(QByteArrayView value, PartHead &head)
{
    const qsizetype typeEnd = value.indexOf(';');
    if (typeEnd < 0 || !isIgnoringCase(withoutSurroundingSpace(value.first(typeEnd)), "form-data"))
        return bad(typeEnd < 0 ? "part without a name" : "Content-Disposition other than form-data");
    std::optional<QByteArray> name;
    std::optional<QByteArray> fileName;
    std::optional<QByteArray> extendedFileName;
    ParameterReader reader(value.sliced(typeEnd));
    while (const std::optional<Parameter> parameter = reader.next()) {
        std::optional<QByteArray> *known = nullptr;
        if (isIgnoringCase(parameter->name, "name"))
            known = &name;
        else if (isIgnoringCase(parameter->name, "filename"))
            known = &fileName;
        else if (isIgnoringCase(parameter->name, "filename*"))
            known = &extendedFileName;
        else
            continue;
        if (*known)
            return bad("repeated parameter in Content-Disposition");
        *known = known == &extendedFileName ? parameter->value.toByteArray() : valueOf(*parameter);
    }
    if (reader.isMalformed())
        return bad("malformed Content-Disposition");
    if (!name)
        return bad("part without a name");
    if (extendedFileName) {
        extendedFileName = extendedValue(*extendedFileName);
        if (!extendedFileName)
            return bad("malformed filename* in Content-Disposition");
    }
    head.name = *name;
    head.fileName = fileName ? fileName : extendedFileName;
    return std::nullopt;
}

} // namespace

std::optional<Refusal> parsePartHead(QByteArrayView block, PartHead &head)
{
    bool hasDisposition = false;
    bool hasType = false;
    while (!block.isEmpty()) {
        const qsizetype lineEnd = block.indexOf("\r\n");
        const QByteArrayView line = block.first(lineEnd);
        block = block.sliced(lineEnd + 2);
        const qsizetype nameEnd = firstNotIn(TokenByte, line);
        if (nameEnd == 0 || nameEnd == line.size() || line[nameEnd] != ':')
            return bad("malformed part head");
        const QByteArrayView name = line.first(nameEnd);
        if (!areValueBytes(line.sliced(nameEnd + 1)))
            return bad("control character in part head");
        const QByteArrayView value = withoutSurroundingSpace(line.sliced(nameEnd + 1));
        if (isIgnoringCase(name, "content-disposition")) {
            if (std::exchange(hasDisposition, true))
                return bad("more than one Content-Disposition");
            if (const std::optional<Refusal> refusal = parseDisposition(value, head))
                return refusal;
        } else if (isIgnoringCase(name, "content-type")) {
            if (std::exchange(hasType, true))
                return bad("more than one Content-Type in part head");
            head.contentType = value.toByteArray();
        } else if (isIgnoringCase(name, "content-transfer-encoding")) {
            // RFC 7578 §4.7: not to be used. What changes nothing is harmless; the rest would reach handlers encoded.
            if (!isIgnoringCase(value, "binary") && !isIgnoringCase(value, "8bit") && !isIgnoringCase(value, "7bit"))
                return Refusal{415, "Content-Transfer-Encoding in part head"};
        }
    }
    return hasDisposition ? std::nullopt : bad("part without Content-Disposition");
}

} // namespace Quern::protocol::http
