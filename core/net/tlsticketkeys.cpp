#include "net/tlsticketkeys.h"

#include "net/openssl.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>

namespace Quern::net {

namespace {

TlsTicketKeys &keysOfProcess()
{
    static TlsTicketKeys keys;
    return keys;
}

/// Fetched once: OpenSSL looks a cipher up anew, under a lock, whenever it is asked by name.
const EVP_CIPHER *ticketCipher()
{
    static const EVP_CIPHER *const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
    return cipher;
}

bool setMac(EVP_MAC_CTX *context, TlsTicketKeys::Key *key)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(context, parameters) == 1;
}

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3) says what is to be returned.
int useKey(SSL *, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int isSealing)
{
    const base::MonotonicTime now = base::coarseNow();
    if (isSealing) {
        std::optional<TlsTicketKeys::Key> key = keysOfProcess().current(now);
        if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(ticketCipher())) != 1)
            return -1;
        std::ranges::copy(key->name, name);
        const bool done =
            EVP_EncryptInit_ex2(cipher, ticketCipher(), key->cipher.data(), iv, nullptr) == 1 && setMac(mac, &*key);
        OPENSSL_cleanse(&*key, sizeof *key);
        return done ? 1 : -1;
    }
    std::optional<TlsTicketKeys::Key> key = keysOfProcess().find(
        QByteArrayView(name, qsizetype(std::tuple_size_v<decltype(TlsTicketKeys::Key::name)>)), now);
    if (!key)
        return 0;
    const int outcome = key->isCurrent ? 1 : 2;
    const bool done =
        EVP_DecryptInit_ex2(cipher, ticketCipher(), key->cipher.data(), iv, nullptr) == 1 && setMac(mac, &*key);
    OPENSSL_cleanse(&*key, sizeof *key);
    return done ? outcome : -1;
}

std::optional<TlsTicketKeys::Key> newKey(base::MonotonicTime now)
{
    TlsTicketKeys::Key key = {};
    key.since = now;
    key.isCurrent = true;
    if (RAND_bytes(key.name.data(), int(key.name.size())) != 1 ||
        RAND_priv_bytes(key.cipher.data(), int(key.cipher.size())) != 1 ||
        RAND_priv_bytes(key.mac.data(), int(key.mac.size())) != 1) {
        return std::nullopt;
    }
    return key;
}

void forget(std::optional<TlsTicketKeys::Key> *key)
{
    if (*key)
        OPENSSL_cleanse(&**key, sizeof **key);
    key->reset();
}

} // namespace

TlsTicketKeys::~TlsTicketKeys()
{
    forget(&m_current);
    forget(&m_previous);
}

void TlsTicketKeys::useFor(ssl_ctx_st *context)
{
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, useKey);
}

std::optional<TlsTicketKeys::Key> TlsTicketKeys::current(base::MonotonicTime now)
{
    const std::scoped_lock lock(m_mutex);
    expire(now);
    if (!m_current)
        m_current = newKey(now);
    return m_current;
}

std::optional<TlsTicketKeys::Key> TlsTicketKeys::find(QByteArrayView name, base::MonotonicTime now)
{
    const std::scoped_lock lock(m_mutex);
    expire(now);
    for (const std::optional<Key> *key : {&m_current, &m_previous}) {
        if (*key && QByteArrayView((*key)->name.data(), qsizetype((*key)->name.size())) == name)
            return *key;
    }
    return std::nullopt;
}

void TlsTicketKeys::expire(base::MonotonicTime now)
{
    if (m_current && now - m_current->since >= SealingTime) {
        forget(&m_previous);
        m_previous = m_current;
        m_previous->isCurrent = false;
        forget(&m_current);
    }
    if (m_previous && now - m_previous->since >= 2 * SealingTime)
        forget(&m_previous);
}

} // namespace Quern::net
