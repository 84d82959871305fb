<?php

// SimpleSAMLphp as an identity provider for tests, on loopback. What changes from one to the next is in its environment:
// IDP_URL is where it listens (ending in a slash), IDP_FOLDER holds its key and takes its sessions and logs.
$folder = getenv('IDP_FOLDER') . '/';
$config = [
    'baseurlpath' => getenv('IDP_URL'),
    'metadatadir' => __DIR__ . '/metadata',
    'metadata.sources' => [['type' => 'flatfile']],
    'certdir' => $folder,
    'datadir' => $folder,
    'tempdir' => $folder,
    'loggingdir' => $folder,
    'logging.handler' => 'file',
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => $folder,
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'secretsalt' => 'for tests alone',
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'timezone' => 'UTC',
    'language.default' => 'en',
    'errorreporting' => false,
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'exampleauth' => true, 'saml' => true],
    'authproc.idp' => [],
    'authproc.sp' => [],
];
