"""pysaml2 as an identity provider for tests: reads the metadata of one service provider, knows one person, asks nobody.

Arguments: the port, the folder with idp.key and idp.crt, and the address of the service provider's metadata.
Whoever comes to /sso with a request is that person, and gets a form that goes back by itself.
"""

import html
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

port, folder, sp_metadata_url = sys.argv[1:]
base = f"http://127.0.0.1:{port}"
PERSON = {
    "uid": ["grace"],
    "mail": ["grace@uni.example"],
    "givenName": ["Grace"],
    "sn": ["Hopper"],
    "eduPersonAffiliation": ["member", "staff"],
}


def settings():
    with urllib.request.urlopen(sp_metadata_url) as answer:
        sp_metadata = answer.read().decode()
    return {
        "entityid": f"{base}/idp",
        "key_file": f"{folder}/idp.key",
        "cert_file": f"{folder}/idp.crt",
        "metadata": {"inline": [sp_metadata]},
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)]},
                "want_authn_requests_signed": True,
                "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
            }
        },
        "xmlsec_binary": "/usr/bin/xmlsec1",
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/metadata":
            return self.answer(str(entity_descriptor(config)), "application/samlmetadata+xml")
        if address.path != "/sso":
            return self.send_error(404)
        sent = {name: values[0] for name, values in parse_qs(address.query).items()}
        request = idp.parse_authn_request(
            sent["SAMLRequest"], BINDING_HTTP_REDIRECT, sigalg=sent.get("SigAlg"), signature=sent.get("Signature")
        )
        where = idp.response_args(request.message, [BINDING_HTTP_POST])
        response = idp.create_authn_response(
            PERSON,
            userid="grace",
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": base},
            sign_assertion=True,
            sign_response=True,
            # Without a word it signs by SHA-1, which is refused.
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
            **where,
        )
        form = idp.apply_binding(BINDING_HTTP_POST, str(response), where["destination"], "", response=True)
        return self.answer(form["data"], "text/html")

    def answer(self, text, kind):
        self.send_response(200)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


config = IdPConfig().load(settings())
idp = Server(config=config)
ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
