"""The authority's roots are a file, and its certificate is for loopback."""

import ipaddress

from cryptography import x509

from local_cloud.identity.authority import Authority


def test_the_roots_file_holds_one_authority_and_no_key(tmp_path):
    authority = Authority(tmp_path / "new" / "folder")

    text = authority.roots_path.read_text()
    assert text.count("BEGIN CERTIFICATE") == 1
    assert "PRIVATE KEY" not in text
    certificate = x509.load_pem_x509_certificate(text.encode())
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_server_certificate_is_for_loopback_only(tmp_path):
    leaf = Authority(tmp_path)._server.cert_chain_pems[0].bytes()

    certificate = x509.load_pem_x509_certificate(leaf)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


def test_two_runs_have_different_authorities(tmp_path):
    first, second = (Authority(tmp_path / name).roots_path.read_text() for name in "ab")

    assert first != second
