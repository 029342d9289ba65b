"""The tap port's certificate: self-signed, made at the start of the process, known by its fingerprint alone."""

import datetime
import hashlib
import ssl
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sfu.link_messages import Fingerprint

# Recorders look at the fingerprint only, so that a wrong date on either machine is no obstacle.
VALIDITY = datetime.timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class TapCertificate:
    """`context` is that of a TLS 1.3 server which shows the certificate."""

    context: ssl.SSLContext
    fingerprint: Fingerprint

    @classmethod
    def generate(cls) -> "TapCertificate":
        """A fresh P-256 certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roomcast tap")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - VALIDITY)
            .not_valid_after(now + VALIDITY)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        # Python's ssl reads keys from files only.
        with NamedTemporaryFile() as file:
            file.write(private + certificate.public_bytes(Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        return cls(context, Fingerprint(algorithm="sha-256", value=digest.hex(":").upper()))
