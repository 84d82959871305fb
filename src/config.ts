/**
 * The environment, read once: every variable, what it means, what it may be.
 * Variables that are not listed here are ignored; a wrong value stops the start and is named with what would be right.
 */
import { join, resolve } from 'node:path'
import { didYouMean } from './directory/near-miss.ts'
import { hostFrom, hostInUrl } from './host.ts'
import type { MailOptions } from './jobs/mail.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type DatabaseConfig = { readonly kind: 'sqlite'; readonly path: string } | { readonly kind: 'mongo'; readonly uri: string }

export type Config = {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Without a slash at its end; absent: made of host and port once the port is known. */
  readonly publicUrl?: string
  readonly database: DatabaseConfig
  readonly dataDir: string
  /** Below it lie the folders that are watched for files. */
  readonly filesRoot: string
  readonly sftpPort: number
  /** Whether somebody has chosen the port: if not, one that is in use is no reason not to serve the rest. */
  readonly isSftpPortChosen: boolean
  readonly sftpHost: string
  readonly logLevel: LogLevel
  readonly secretKey?: string
  readonly mail?: MailConfig
}

type MailConfig = Omit<MailOptions, 'isLocal'>

/** What the help of `serve` prints, in this order. */
export const VARIABLES = {
  HOST: 'address to listen at (127.0.0.1)',
  PORT: 'port to listen at, 0 for any free one (3000)',
  PUBLIC_URL: 'how clients reach this server (http://HOST:PORT)',
  DATABASE_URL: 'sqlite:PATH or mongodb://… (sqlite:./data/matricula.db, or matricula.db in DATA_DIR)',
  DATA_DIR: 'folder for what is kept beside the database (./data)',
  FILES_ROOT: 'below it a folder for each institution, watched for files (watched in DATA_DIR)',
  SFTP_PORT: 'port of the SFTP drop box (2222)',
  SFTP_HOST: 'address of the SFTP drop box (HOST)',
  LOG_LEVEL: `${LOG_LEVELS.join(', ')} (info)`,
  SECRET_KEY: 'seals secrets at rest, at least 16 characters (made and kept in DATA_DIR)',
  SMTP_URL: 'where e-mail goes out, smtp://USER:PASSWORD@HOST:587 or smtps://… (none goes out)',
  MAIL_FROM: 'sender of e-mail, needed with SMTP_URL, for example matricula@uni.edu',
} as const

type Variable = keyof typeof VARIABLES
type Environment = { readonly [name: string]: string | undefined }

export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** @throws {ConfigError} naming the variable, what was found and what would be right */
export function configFrom(environment: Environment): Config {
  const given = (name: Variable) => environment[name]?.trim() || undefined
  const host = hostIn('HOST', given('HOST') ?? '127.0.0.1')
  const dataDir = given('DATA_DIR') ?? './data'
  const publicUrl = given('PUBLIC_URL')
  const databaseUrl = given('DATABASE_URL')
  const secretKey = given('SECRET_KEY')
  const smtpUrl = given('SMTP_URL')
  return {
    host,
    port: portIn('PORT', given('PORT') ?? '3000'),
    ...(publicUrl !== undefined && { publicUrl: publicUrlIn(publicUrl) }),
    database: databaseUrl === undefined ? { kind: 'sqlite', path: resolve(dataDir, 'matricula.db') } : databaseIn(databaseUrl),
    dataDir: resolve(dataDir),
    filesRoot: resolve(given('FILES_ROOT') ?? join(dataDir, 'watched')),
    sftpPort: portIn('SFTP_PORT', given('SFTP_PORT') ?? '2222'),
    isSftpPortChosen: given('SFTP_PORT') !== undefined,
    sftpHost: hostIn('SFTP_HOST', given('SFTP_HOST') ?? host),
    logLevel: logLevelIn(given('LOG_LEVEL') ?? 'info'),
    ...(secretKey !== undefined && { secretKey: secretKeyIn(secretKey) }),
    ...(smtpUrl !== undefined && { mail: mailIn(smtpUrl, given('MAIL_FROM')) }),
  }
}

/** Whether only programs on this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Whether clients reach the server on this machine alone: it is being tried out. */
export function isLocalOnly(publicUrl: string): boolean {
  return isLoopback(hostFrom(new URL(publicUrl).hostname))
}

/** How clients reach the server; where any free port is asked for, it is known once the server listens. */
export function publicUrlOf({ publicUrl, host, port }: Config, actualPort = port): string {
  return publicUrl ?? `http://${hostInUrl(host)}:${actualPort}`
}

/** Whether a server is reached without TLS by browsers on its own machine, where everything can be tried. */
export function isPlainLoopback(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'http:' && isLocalOnly(publicUrl)
}

function hostIn(name: Variable, found: string): string {
  const host = hostFrom(found)
  if (/^[A-Za-z0-9._:%-]+$/.test(host) && !/^[a-z]+:\/\//i.test(found) && !isHostAndPort(host)) return host
  throw wrong(name, found, 'an address or a host name alone, for example 127.0.0.1, ::1 or 0.0.0.0')
}

function isHostAndPort(host: string): boolean {
  return host.split(':').length === 2
}

function portIn(name: Variable, found: string): number {
  const port = Number(found)
  if (/^\d{1,5}$/.test(found) && port <= 65_535) return port
  throw wrong(name, found, 'a whole number from 0 (any free port) to 65535')
}

function publicUrlIn(found: string): string {
  const right = 'an http or https URL without query, for example https://roll.uni.edu'
  const url = URL.canParse(found) ? new URL(found) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw wrong('PUBLIC_URL', found, right)
  if (url.search || url.hash || url.username || url.password) throw wrong('PUBLIC_URL', hideUser(found), right)
  return url.href.replace(/\/+$/, '')
}

function databaseIn(found: string): DatabaseConfig {
  const right = 'sqlite:PATH (for example sqlite:./data/matricula.db) or mongodb://HOST/NAME (or mongodb+srv://…)'
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(found)?.[1]?.toLowerCase()
  if (/^mongodb(\+srv)?:\/\/[^/?]/i.test(found)) return { kind: 'mongo', uri: found }
  if (scheme !== 'sqlite') {
    throw wrong('DATABASE_URL', hideUser(found), right + didYouMean(scheme ?? found, ['sqlite', 'mongodb', 'mongodb+srv']))
  }
  const path = found.slice('sqlite:'.length).replace(/^\/\/(?=[/.])/, '')
  if (path === '' || path.startsWith('//') || path.startsWith(':') || path.endsWith('/')) {
    throw wrong('DATABASE_URL', found, 'sqlite: and the path of a file, for example sqlite:./data/matricula.db')
  }
  return { kind: 'sqlite', path: resolve(path) }
}

function logLevelIn(found: string): LogLevel {
  const level = LOG_LEVELS.find((one) => one === found.toLowerCase())
  if (level !== undefined) return level
  throw wrong('LOG_LEVEL', found, `one of ${LOG_LEVELS.join(', ')}${didYouMean(found, LOG_LEVELS)}`)
}

function secretKeyIn(found: string): string {
  if (found.length >= 16) return found
  throw new ConfigError(
    `SECRET_KEY has ${found.length} characters; it should have at least 16, for example from: openssl rand -base64 32`,
  )
}

function mailIn(found: string, from: string | undefined): MailConfig {
  const right = 'smtp://HOST:PORT or smtps://…, with USER:PASSWORD@ before the host where they are needed'
  const url = URL.canParse(found) ? new URL(found) : undefined
  const isTls = url?.protocol === 'smtps:'
  if (!url || !(isTls || url.protocol === 'smtp:') || !url.hostname || !/^\/?$/.test(url.pathname) || url.search || url.hash)
    throw wrong('SMTP_URL', hideUser(found), right)
  const [user, password] = [decoded(url.username), decoded(url.password)]
  if (user === undefined || password === undefined)
    throw wrong('SMTP_URL', hideUser(found), `${right}; in these % is written as %25, @ as %40, : as %3A, / as %2F and # as %23`)
  if (from === undefined)
    throw new ConfigError('MAIL_FROM is missing: e-mail through SMTP_URL needs a sender, for example matricula@uni.edu')
  if (!/^([^<>@]*<)?[^\s<>@]+@[A-Za-z0-9.-]+>?$/.test(from))
    throw wrong('MAIL_FROM', from, 'an address, for example matricula@uni.edu or Matricula <matricula@uni.edu>')
  return {
    server: {
      host: hostFrom(url.hostname),
      port: url.port === '' ? (isTls ? 465 : 587) : Number(url.port),
      isTls,
      ...(user !== '' && { user, password }),
    },
    from,
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function wrong(name: Variable, found: string, right: string): ConfigError {
  return new ConfigError(`${name} is "${found}"; it should be ${right}`)
}

/** A password in a URL does not belong on a screen or in a log; one that was not encoded may itself hold `/` and `@`. */
function hideUser(url: string): string {
  return url.replace(/:.*@/s, '://…@')
}
