/**
 * Hosts as they stand in a URL: an IPv6 address in brackets, which no resolver and no socket takes.
 */

/** `::1` of `[::1]`; any other host as it is. */
export function hostFrom(inUrl: string): string {
  return inUrl.replace(/^\[(.*)\]$/, '$1')
}

/** `[::1]` of `::1`; any other host as it is. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
