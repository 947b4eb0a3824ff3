#!/usr/bin/env bash
# Makes the keys and certificates of one throw-away control plane.
#
#   pki.sh OUTDIR
#
# OUTDIR receives ca, apiserver, admin, viewer, expired (.crt and .key each) and sa.key/sa.pub:
#   apiserver  serves 127.0.0.1, ::1, localhost and the in-cluster names of the API service
#   admin      O=system:masters, so every authorisation check passes
#   viewer     CN=viewer and nothing else: authenticated, with no rights of its own
#   expired    the admin identity in a certificate that ended in 2021: must be answered with 401
# Everything but `expired` ends after 10 days: a forgotten copy soon opens nothing.
set -euo pipefail
umask 077

out=${1:?usage: pki.sh OUTDIR}
mkdir -p "$out"
cd "$out"

# An own configuration keeps the result independent of the system's openssl.cnf; the [past] section is only for
# `openssl ca`, the one subcommand of OpenSSL 3.0 that takes explicit start and end dates.
cat >openssl.cnf <<'EOF'
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,IP:::1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[ca]
default_ca = past
[past]
database = past.txt
new_certs_dir = .
serial = past.serial
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
EOF

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# request NAME SUBJECT: a key and NAME.csr
request() {
  new_key "$1"
  openssl req -new -config openssl.cnf -key "$1.key" -subj "$2" -out "$1.csr"
}

# issue NAME SUBJECT EXTENSIONS
issue() {
  request "$1" "$2"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 8)" -days 10 -sha256 \
    -extfile openssl.cnf -extensions "$3" -out "$1.crt" 2>/dev/null
}

new_key ca
openssl req -x509 -new -config openssl.cnf -extensions authority -key ca.key -subj "/CN=sandbox-ca" -days 10 -sha256 -out ca.crt
issue apiserver "/CN=kube-apiserver" server
issue admin "/O=system:masters/CN=sandbox-admin" client
issue viewer "/CN=viewer" client

request expired "/O=system:masters/CN=sandbox-admin"
: >past.txt
echo 01 >past.serial
openssl ca -batch -notext -config openssl.cnf -in expired.csr -cert ca.crt -keyfile ca.key -extensions client \
  -startdate 20210101000000Z -enddate 20210102000000Z -out expired.crt 2>/dev/null

new_key sa
openssl ec -in sa.key -pubout -out sa.pub 2>/dev/null

rm -f ./*.csr ./past.* 01.pem openssl.cnf
