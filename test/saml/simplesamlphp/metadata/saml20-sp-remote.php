<?php

// The one service provider that it knows. SP_CERTIFICATE, where it is given, encrypts what it is told.
$certificate = getenv('SP_CERTIFICATE');
$sp = [
    'AssertionConsumerService' => getenv('SP_ACS'),
    'saml20.sign.response' => getenv('IDP_SIGNS') !== 'assertion',
    'saml20.sign.assertion' => getenv('IDP_SIGNS') !== 'response',
    'validate.authnrequest' => getenv('SP_SIGNS') === 'yes',
];
if ($certificate) {
    $sp['certData'] = $certificate;
    $sp['assertion.encryption'] = getenv('IDP_ENCRYPTS') === 'yes';
}
$metadata[getenv('SP_ENTITY_ID')] = $sp;
