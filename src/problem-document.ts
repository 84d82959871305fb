/**
 * Problem documents (RFC 9457): what is wrong, as HTTP says it wherever no protocol has a form of its own.
 */

export type ProblemDocument = { readonly title: string; readonly status: number; readonly detail: string }

export function problemDocument(document: ProblemDocument, headers: { readonly [name: string]: string } = {}): Response {
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
