#include "net/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace fm::net {
namespace {

constexpr long kValidSeconds = 365L * 86'400;
constexpr long kRenewSeconds = 7L * 86'400;
constexpr std::uint64_t kPemBytesMax = 64 << 10;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<&X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<&BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<&X509_EXTENSION_free>>;

std::unexpected<Error> failed(std::string_view what) {
  return fail(Code::kInternal, "OpenSSL: {} failed", what);
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

Memory reading(std::string_view text) {
  return Memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The pair is there, belongs together, and will be good for another week.
bool is_good(Env& env, const CertificateFiles& files) {
  const auto certificate_text = read_text(env, files.certificate, kPemBytesMax);
  const auto key_text = read_text(env, files.key, kPemBytesMax);
  if (!certificate_text || !key_text) return false;
  const Certificate certificate(
      ::PEM_read_bio_X509(reading(*certificate_text).get(), nullptr, nullptr, nullptr));
  const Key key(::PEM_read_bio_PrivateKey(reading(*key_text).get(), nullptr, nullptr, nullptr));
  if (!certificate || !key) return false;
  auto soon = static_cast<time_t>(second_of(env.now()) + kRenewSeconds);
  return ::X509_check_private_key(certificate.get(), key.get()) == 1 &&
         ::X509_cmp_time(::X509_get0_notAfter(certificate.get()), &soon) > 0;
}

Status add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(::X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  if (!extension || ::X509_add_ext(certificate, extension.get(), -1) != 1)
    return failed("adding a certificate extension");
  return {};
}

Result<Certificate> sign(Env& env, EVP_PKEY* key) {
  Certificate certificate(::X509_new());
  X509* const x = certificate.get();
  if (x == nullptr) return failed("a new certificate");
  auto now = static_cast<time_t>(second_of(env.now()));
  X509_NAME* const name = ::X509_get_subject_name(x);
  // Positive, as the standard asks; a new one each time, because browsers remember them.
  const std::uint64_t serial = env.random() >> 1 | 1;
  const bool is_filled =
      ::X509_set_version(x, 2) == 1 &&
      ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(x), serial) == 1 &&
      ::X509_time_adj_ex(::X509_getm_notBefore(x), -1, 0, &now) != nullptr &&
      ::X509_time_adj_ex(::X509_getm_notAfter(x), 0, kValidSeconds, &now) != nullptr &&
      ::X509_set_pubkey(x, key) == 1 &&
      ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                                   0) == 1 &&
      ::X509_set_issuer_name(x, name) == 1;
  if (!is_filled) return failed("filling a certificate");
  FM_TRY(add_extension(x, NID_basic_constraints, "critical,CA:TRUE"));
  FM_TRY(add_extension(x, NID_key_usage, "critical,digitalSignature,keyCertSign"));
  FM_TRY(add_extension(x, NID_ext_key_usage, "serverAuth"));
  FM_TRY(add_extension(x, NID_subject_key_identifier, "hash"));
  FM_TRY(add_extension(x, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"));
  if (::X509_sign(x, key, ::EVP_sha256()) == 0) return failed("signing a certificate");
  return certificate;
}

Status write_private(Env& env, const std::string& path, std::string_view text) {
  const Status removed = env.remove(path);
  if (!removed && removed.error().code() != Code::kNotFound) return removed;
  FM_ASSIGN(auto file, env.create(path, Create::kNewPrivate));
  FM_TRY(file->write(text));
  FM_TRY(file->sync());
  return file->close();
}

}  // namespace

Result<CertificateFiles> make_local_certificate(Env& env, const std::string& directory) {
  CertificateFiles files{.certificate = join(directory, "localhost.crt"),
                         .key = join(directory, "localhost.key")};
  if (is_good(env, files)) return files;
  FM_TRY(env.make_directories(directory));
  const Key key(::EVP_EC_gen("P-256"));
  if (!key) return failed("making a key");
  FM_ASSIGN(const Certificate certificate, sign(env, key.get()));
  const Memory key_text(::BIO_new(::BIO_s_mem()));
  const Memory certificate_text(::BIO_new(::BIO_s_mem()));
  if (::PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                 nullptr) != 1 ||
      ::PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1)
    return failed("writing PEM");
  FM_TRY(write_private(env, files.key, text_of(key_text.get())));
  FM_TRY(write_text_atomically(env, files.certificate, text_of(certificate_text.get())));
  return files;
}

}  // namespace fm::net
