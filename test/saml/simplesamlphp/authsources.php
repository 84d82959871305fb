<?php

// Who can sign in: the password of each is the name and "-password". All there is of nobody is a name.
function person(string $uid, string $first, string $last, string $affiliation): array
{
    return [
        'uid' => [$uid],
        'mail' => ["$uid@uni.example"],
        'givenName' => [$first],
        'sn' => [$last],
        'eduPersonPrincipalName' => ["$uid@uni.example"],
        'eduPersonAffiliation' => ['member', $affiliation],
    ];
}

$config = [
    'people' => [
        'exampleauth:UserPass',
        'ada:ada-password' => person('ada', 'Ada', 'Lovelace', 'student'),
        'zoe:zoe-password' => person('zoe', 'Zoë', "O'Brien & Łukasiewicz <née Ж>", 'faculty'),
        'nobody:nobody-password' => ['uid' => ['nobody']],
    ],
];
