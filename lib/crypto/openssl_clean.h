/* OpenSSL's headers without their name ERR_STATE, which is one of our failures. Include this instead of them. */
#ifndef LAB_CRYPTO_OPENSSL_CLEAN_H
#define LAB_CRYPTO_OPENSSL_CLEAN_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
