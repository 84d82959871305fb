/**
 * What an administrator can do about a refused sign-in, by the code of its reason.
 */

const ADVICE: { readonly [code: string]: string } = {
  form: 'Whatever comes to the ACS address is not of an identity provider, or by another binding than HTTP-POST: set HTTP-POST there.',
  encoding: 'No identity provider sends this. If people sign in otherwise, ask whether a proxy changes what browsers post.',
  xml: 'No identity provider sends this. If it is one of yours, ask its maker.',
  structure:
    'By itself hardly any identity provider sends this. If it is one of yours, see whether its settings leave something out, for example the AuthnStatement.',
  algorithm: 'Let the identity provider sign with RSA and SHA-256, after exclusive canonicalization (xml-exc-c14n#).',
  unsigned:
    'Let the identity provider sign its assertions (Shibboleth and SimpleSAMLphp: sign assertions; Entra: sign response and assertion).',
  key: 'The identity provider may have a new certificate: fetch its metadata again, or add the certificate to saml.idps[].certificates.',
  signature: 'The message was changed on its way, or is an attack. If all sign-ins fail, look for a proxy that rewrites pages.',
  encryption:
    'Let the identity provider encrypt with AES-GCM and RSA-OAEP, as the metadata of this service says. Where it knows AES-CBC alone (AD FS), let it sign the response as well, or encrypt nothing.',
  undecryptable: 'The identity provider may encrypt for an old certificate: let it read the metadata of this service again.',
  status:
    'The identity provider itself turned the person away: its log has the reason, often that the person was not assigned to this application.',
  idp: 'Compare the entity id of the identity provider with saml.idps[].entityId, letter by letter.',
  metadata:
    'Set a newer copy of the metadata, or its address (institution set ID --saml-metadata URL). Where it is looked up already, the log says why no newer copy could be had.',
  address:
    'Compare the ACS address that the identity provider has with that of “matricula saml check”; PUBLIC_URL must be what browsers use.',
  audience:
    'Compare the entity id (audience) that the identity provider has for this service with that of “matricula saml check”.',
  time: 'Compare the clocks of both servers; a person who waited longer than a few minutes, or used the back button, only needs to try again.',
  subject:
    'Compare the clocks and the ACS address with those of “matricula saml check”. A NameID should be in the clear and have a text, or not be sent at all.',
  conditions: 'Let the identity provider send no conditions beside times, audience, one-time use and proxying.',
  attributes: 'Let the identity provider send each attribute once, as text.',
  request:
    'The person waited too long, used the back button, has cookies switched off, or began at the identity provider: then set saml.allowUnsolicited.',
  replay: 'The answer came twice: by the back button, or from a thief. Once it was good.',
  value_blank:
    'Correct the name of the person at the identity provider, or map another attribute to the field (setting saml.attributes).',
  value_several: 'Let the identity provider send one value, or map another attribute to the field (setting saml.attributes).',
  values_disagree: 'Map the attribute that counts, and only that one, to the field (setting saml.attributes).',
  value_scope:
    'The person is of another institution or domain than the identity provider may speak for. Is it one of yours: set saml.idp.scopes to all of them, what stands behind the @ with the others.',
  value_nested: 'Map an attribute whose values are text to the field (setting saml.attributes).',
  required_missing:
    'Release the missing attributes to this service at the identity provider, or name those that it sends in saml.attributes. For the account type see saml.accountType.',
  not_on_roll: 'Bring the person by SCIM, REST or a file, or let sign-ins create people (setting saml.create).',
  inactive: 'Make the person active where the person was made inactive, or let sign-ins do it (setting saml.reactivate).',
  key_disagrees:
    'Look at the record below: is it this person? Then one of the two netids is not one: map the right attribute to netid, or correct the record. Is it a former owner of the address? Then take the address from the old record.',
  key_conflict: 'Two records share what this sign-in says: look at both, and correct or join them.',
  key_held:
    'The address belongs to somebody who has been inactive for long: send a netid as well, or take the address from the old record (setting keyHoldDays).',
  return: 'Add the address to saml.returnUrls, exactly as the platform sends it.',
  no_idp: 'Set an identity provider (setting saml.idp).',
  single_logout: 'Take the logout address out of the settings of the identity provider.',
  busy: 'Try again; if it lasts, look at the log of the server.',
}

/** @param code of a refusal */
export function adviceFor(code: string): string {
  return ADVICE[code] ?? 'The values that came cannot be used: compare them with what the identity provider should send.'
}
