<?php

// Names attributes shortly, or by OID where IDP_NAMES says so.
$oids = [
    'uid' => 'urn:oid:0.9.2342.19200300.100.1.1',
    'mail' => 'urn:oid:0.9.2342.19200300.100.1.3',
    'givenName' => 'urn:oid:2.5.4.42',
    'sn' => 'urn:oid:2.5.4.4',
    'eduPersonPrincipalName' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
    'eduPersonAffiliation' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1',
];
$isOid = getenv('IDP_NAMES') === 'oid';
$metadata[getenv('IDP_URL') . 'idp'] = [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:' . ($isOid ? 'uri' : 'basic'),
    'authproc' => $isOid ? [50 => ['class' => 'core:AttributeMap'] + $oids] : [],
];
