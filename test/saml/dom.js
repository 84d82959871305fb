/** In JavaScript, since the types of @xmldom/xmldom bring all those of a browser with them, for every file. */
import { DOMParser } from '@xmldom/xmldom'

export function parseDom(text) {
  return new DOMParser().parseFromString(text, 'text/xml')
}
