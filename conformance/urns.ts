/**
 * The URNs of SCIM, for core schemas and messages (RFC 7643 section 10, RFC 7644 section 8.2), and those of the campus
 * extension.
 */

export const SCHEMAS = {
  User: 'urn:ietf:params:scim:schemas:core:2.0:User',
  Group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
} as const

export const EXTENSIONS = {
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  campus: 'urn:ietf:params:scim:schemas:extension:campus:2.0:User',
} as const

const MESSAGE = 'urn:ietf:params:scim:api:messages:2.0:'

export const MESSAGES = {
  list: `${MESSAGE}ListResponse`,
  search: `${MESSAGE}SearchRequest`,
  patch: `${MESSAGE}PatchOp`,
  bulk: `${MESSAGE}BulkRequest`,
  error: `${MESSAGE}Error`,
} as const
