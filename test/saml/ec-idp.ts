/**
 * An identity provider whose key is no RSA key: made for tests, and worth nothing anywhere else.
 */
import { createPrivateKey } from 'node:crypto'
import type { TestIdp } from './signer.ts'

const KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXHSzMP3rcpgxRdI6' +
  '/iuj+V/s340/SMP8/WZeLiXjuxChRANCAAQD7Yxzr4UBl8e24qZPiiRztssMuUjh' +
  'id41o5mVAOlSuxKI9glxg/U24tiRQZmvefvxF1r/pBn/jNDDK3orEQhL'
const CERTIFICATE =
  'MIIBdjCCARugAwIBAgIUMq094ob26A0DHJ6cRAzhP5JoO18wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYwMTMyNTJaGA' +
  '8yMTI2MTEwMjAxMzI1MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAPtjHOvhQGXx7bipk+KJHO2ywy5SOGJ' +
  '3jWjmZUA6VK7Eoj2CXGD9Tbi2JFBma95+/EXWv+kGf+M0MMreisRCEujUzBRMB0GA1UdDgQWBBS0BCjCe4/ryNUTs40VV6+723pJYzAfBgNVHS' +
  'MEGDAWgBS0BCjCe4/ryNUTs40VV6+723pJYzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDC6VW7xZuAokw/G85dtGNEVazx' +
  '24IfDGPZeMMo0QNYQQIhANL13kfg3oJExlN0s8virr6KFNiY1YxsjZ+i97irvzzD'

/** A certificate with a key on secp192k1. */
export const WEAK_EC_CERTIFICATE =
  'MIIBUjCCAQigAwIBAgIUMSa5GKIo/k7xBbU2jSVN3lUrIYgwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYxODE1MTVaGA' +
  '8yMTI2MTEwMjE4MTUxNVowDzENMAsGA1UEAwwEdGVzdDBGMBAGByqGSM49AgEGBSuBBAAfAzIABNmtJ5aqSbK2QwW0374Y7lPc03H58lorZBuO' +
  '1LJNzdpdEApyx7uh3CFcLcLuepMYp6NTMFEwHQYDVR0OBBYEFMpMUnuVt0Q1Szr+oDC331JxMxpyMB8GA1UdIwQYMBaAFMpMUnuVt0Q1Szr+oD' +
  'C331JxMxpyMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDOAAwNQIYaaaNil/UTqPNKUI/G4rVRMsMrthyFSukAhkAngbOpKe45QRV3rEL' +
  'nsxGyzY7nK0JeoMs'

export const EC_IDP: TestIdp = {
  entityId: 'https://ec.uni.example/idp',
  privateKey: createPrivateKey({ key: Buffer.from(KEY, 'base64'), format: 'der', type: 'pkcs8' }),
  certificate: CERTIFICATE,
}
