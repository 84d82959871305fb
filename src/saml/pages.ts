/**
 * The pages of signing in and out.
 */

import { html } from 'hono/html'
import type { Field } from '../directory/fields.ts'
import { FIELDS } from '../directory/fields.ts'
import type { Institution } from '../directory/institution.ts'
import type { IdpSettings, SamlSettings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import type { Html } from '../page.ts'
import type { FailureKind, Told } from './failures.ts'
import { FAILURES } from './failures.ts'
import { pageOf } from './page.ts'

/** Why a person is not in, and what to do. `reference` is absent where nothing was recorded. */
export type FailurePage = {
  readonly failure: FailureKind
  readonly institution: Institution | undefined
  /** Fields that the identity provider should have sent. */
  readonly missing?: readonly string[]
  readonly reference?: string
  /** Where to begin again. */
  readonly again?: string
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
}

export function failurePage({
  failure,
  institution,
  missing = [],
  reference,
  again,
  status,
  headers = {},
}: FailurePage): Promise<Response> {
  const told: Told = FAILURES[failure]
  const labels = missing.map((name) => FIELDS.find((field): field is Field => field.name === name)?.label ?? name)
  return pageOf({
    status: status ?? told.status,
    ...(institution !== undefined && { institution: institution.name }),
    title: told.title,
    headers,
    body: html`<p>${told.say}${reference === undefined || told.ask === undefined ? '' : ` ${told.ask}`}</p>
      ${labels.length === 0 ? '' : html`<p>Missing: <strong>${labels.join(', ')}</strong></p>`}
      ${told.canTryAgain && again !== undefined ? html`<p><a class="button" href="${again}">Try again</a></p>` : ''}
      ${reference === undefined ? '' : aboutFailure(reference, institution?.settings.saml?.contact)}`,
  })
}

function aboutFailure(reference: string, contact: SamlSettings['contact']): Html {
  return html`<dl>
    <dt>Reference</dt><dd class="reference">${reference}</dd>
    <dt>Ask</dt><dd>${contactOf(contact)}</dd>
  </dl>`
}

function contactOf(contact: SamlSettings['contact'] = {}): Html | string {
  const { name, email, url } = contact
  if (url !== undefined)
    return html`<a href="${url}">${name ?? url}</a>${email === undefined ? '' : html`, <a href="mailto:${email}">${email}</a>`}`
  if (email !== undefined) return html`${name === undefined ? '' : `${name}, `}<a href="mailto:${email}">${email}</a>`
  return name ?? 'the help desk of your institution'
}

/** By which identity provider to sign in. `onwards` is what else the address of each choice holds. */
export function choicePage(institution: Institution, onwards: URLSearchParams, unknownEmail?: string): Promise<Response> {
  const idps = idpsOf(institution.settings)
  const knowsDomains = idps.some(({ domains }) => domains !== undefined)
  return pageOf({
    status: 200,
    institution: institution.name,
    title: 'How do you sign in?',
    leads: 'on demand',
    body: html`<ul class="choices">${idps.map((idp) => html`<li><a href="?${withParameter(onwards, 'idp', idp.entityId)}">${titleOf(idp)}</a></li>`)}</ul>
      ${knowsDomains ? emailForm(onwards, unknownEmail) : ''}`,
  })
}

function emailForm(onwards: URLSearchParams, unknownEmail: string | undefined): Html {
  return html`<form method="get">
    ${[...onwards].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
    <label for="email">Or tell us your e-mail address</label>
    ${unknownEmail === undefined ? '' : html`<p id="unknown" role="alert">Nobody signs in with an address like this one. Please choose above.</p>`}
    <input id="email" name="email" type="email" autocomplete="email" required value="${unknownEmail ?? ''}"${unknownEmail === undefined ? '' : html` aria-describedby="unknown" aria-invalid="true" autofocus`}>
    <button class="button" type="submit">Continue</button>
  </form>`
}

function titleOf({ title, domains, entityId }: IdpSettings): string {
  return title ?? domains?.[0] ?? ((URL.canParse(entityId) ? new URL(entityId).host : '') || entityId)
}

function withParameter(onwards: URLSearchParams, name: string, value: string): string {
  const all = new URLSearchParams(onwards)
  all.set(name, value)
  return all.toString()
}

/** For an identity provider that takes requests by POST alone. */
export function postPage(
  institution: Institution,
  idp: IdpSettings,
  message: { readonly url: string; readonly fields: { readonly [name: string]: string } },
  headers: { readonly [name: string]: string },
): Promise<Response> {
  return pageOf({
    status: 200,
    institution: institution.name,
    title: 'Sign in',
    leads: 'at once',
    headers,
    body: html`<p>Continue to the sign-in page of ${titleOf(idp)}.</p>
      <form method="post" action="${message.url}">
        ${Object.entries(message.fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
        <button class="button" type="submit">Continue</button>
      </form>`,
  })
}

/** Where a sign-in ends that nobody began from elsewhere. */
export function signedInPage(institution: Institution, name: string): Promise<Response> {
  return pageOf({
    status: 200,
    institution: institution.name,
    title: 'You are signed in',
    body: html`<p>You are signed in as <strong>${name}</strong>.</p>
      <form method="post" action="logout"><button class="button" type="submit">Sign out</button></form>`,
  })
}

export function signedOutPage(institution: Institution, headers: { readonly [name: string]: string }): Promise<Response> {
  return pageOf({
    headers,
    status: 200,
    institution: institution.name,
    title: 'You are signed out',
    body: html`<p>You are signed out here. Your institution’s sign-in page may still know you: on a shared computer, close all windows of the browser.</p>
      <p><a class="button" href="login">Sign in again</a></p>`,
  })
}

/** For who comes without a session. */
export function notSignedInPage(institution: Institution): Promise<Response> {
  return pageOf({
    status: 403,
    institution: institution.name,
    title: 'You are not signed in',
    body: html`<p>Nobody is signed in with this browser.</p><p><a class="button" href="login">Sign in</a></p>`,
  })
}
