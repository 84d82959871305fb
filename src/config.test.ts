import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { ConfigError, configFrom, isLocalOnly, isLoopback, publicUrlOf } from './config.ts'

describe('the configuration', () => {
  it('needs nothing: every variable has a default', () => {
    assert.deepEqual(configFrom({}), {
      host: '127.0.0.1',
      port: 3000,
      database: { kind: 'sqlite', path: resolve('data/matricula.db') },
      dataDir: resolve('data'),
      filesRoot: resolve('data/watched'),
      sftpPort: 2222,
      isSftpPortChosen: false,
      sftpHost: '127.0.0.1',
      logLevel: 'info',
    })
  })

  for (const [why, environment, part] of [
    ['takes an empty value for none', { PORT: '', HOST: ' ' }, { port: 3000, host: '127.0.0.1' }],
    ['lets the system choose the port', { PORT: '0' }, { port: 0 }],
    ['takes an IPv6 address with or without brackets', { HOST: '[::1]' }, { host: '::1' }],
    ['gives SFTP the address of HTTP', { HOST: '0.0.0.0' }, { sftpHost: '0.0.0.0' }],
    [
      'keeps SFTP at an address of its own',
      { SFTP_HOST: '10.0.0.1', SFTP_PORT: '22' },
      { sftpHost: '10.0.0.1', sftpPort: 22, isSftpPortChosen: true },
    ],
    ['drops the last slash of a public URL', { PUBLIC_URL: 'https://roll.uni.edu/' }, { publicUrl: 'https://roll.uni.edu' }],
    ['keeps a path of a public URL', { PUBLIC_URL: 'https://uni.edu/roll' }, { publicUrl: 'https://uni.edu/roll' }],
    ['reads a relative path', { DATABASE_URL: 'sqlite:./a.db' }, { database: { kind: 'sqlite', path: resolve('a.db') } }],
    ['reads an absolute path', { DATABASE_URL: 'sqlite:/var/a.db' }, { database: { kind: 'sqlite', path: '/var/a.db' } }],
    [
      'reads an absolute path as a URL',
      { DATABASE_URL: 'sqlite:///var/a.db' },
      { database: { kind: 'sqlite', path: '/var/a.db' } },
    ],
    [
      'keeps the database in the data folder',
      { DATA_DIR: '/srv/m' },
      { database: { kind: 'sqlite', path: '/srv/m/matricula.db' } },
    ],
    ['hands a MongoDB address on', { DATABASE_URL: 'mongodb://a/b' }, { database: { kind: 'mongo', uri: 'mongodb://a/b' } }],
    ['reads a log level in capitals', { LOG_LEVEL: 'DEBUG' }, { logLevel: 'debug' }],
    [
      'sends e-mail where it is told to',
      { SMTP_URL: 'smtp://roll%40uni.edu:a%2Fb@mail.uni.edu', MAIL_FROM: 'Roll <roll@uni.edu>' },
      {
        mail: {
          server: { host: 'mail.uni.edu', port: 587, isTls: false, user: 'roll@uni.edu', password: 'a/b' },
          from: 'Roll <roll@uni.edu>',
        },
      },
    ],
    [
      'sends e-mail over TLS',
      { SMTP_URL: 'smtps://mail.uni.edu', MAIL_FROM: 'roll@uni.edu' },
      { mail: { server: { host: 'mail.uni.edu', port: 465, isTls: true }, from: 'roll@uni.edu' } },
    ],
    ['ignores what it does not know', { POTR: '1', NODE_ENV: 'test' }, { port: 3000 }],
  ] as const)
    it(why, () => assert.partialDeepStrictEqual(configFrom(environment), part))

  for (const [variable, found, right] of [
    ['PORT', '3000a', /^PORT is "3000a"; it should be a whole number from 0/],
    ['PORT', '65536', /65535/],
    ['DATABASE_URL', 'mongodb://', /DATABASE_URL is "mongodb:\/\/"; it should be sqlite:PATH .* or mongodb:\/\/HOST\/NAME/],
    ['DATABASE_URL', 'mongodb:/x', /or mongodb:\/\/HOST\/NAME/],
    ['PORT', '-1', /PORT is "-1"/],
    ['PORT', '1e3', /PORT is "1e3"/],
    ['SFTP_PORT', 'ssh', /SFTP_PORT is "ssh"/],
    ['HOST', 'http://localhost', /HOST is "http:\/\/localhost"; it should be an address/],
    ['HOST', 'localhost:3000', /host name alone/],
    ['PUBLIC_URL', 'roll.uni.edu', /PUBLIC_URL is "roll.uni.edu"; it should be an http or https URL/],
    ['PUBLIC_URL', 'https://roll.uni.edu/?a=1', /without query/],
    ['DATABASE_URL', 'sqllite:./a.db', /did you mean "sqlite"\?/],
    ['DATABASE_URL', 'postgres://a', /DATABASE_URL is "postgres:\/\/a"; it should be sqlite:PATH/],
    ['DATABASE_URL', 'sqlite::memory:', /path of a file/],
    ['DATABASE_URL', 'sqlite:', /path of a file/],
    ['LOG_LEVEL', 'debgu', /did you mean "debug"\?/],
    ['SECRET_KEY', 'short', /^SECRET_KEY has 5 characters/],
    ['SMTP_URL', 'mail.uni.edu', /^SMTP_URL is "mail.uni.edu"; it should be smtp:\/\/HOST:PORT/],
    ['SMTP_URL', 'https://mail.uni.edu', /it should be smtp/],
    ['SMTP_URL', 'smtp://mail.uni.edu/?pool=true', /it should be smtp/],
    ['SMTP_URL', 'smtp://roll:100%@mail.uni.edu', /^SMTP_URL is "smtp:\/\/…@mail.uni.edu"; it should be .* % is written as %25/],
    ['SMTP_URL', 'smtp://mail.uni.edu', /^MAIL_FROM is missing: /],
  ] as const)
    it(`refuses ${variable}=${found} and says what would be right`, () => {
      assert.throws(
        () => configFrom({ [variable]: found }),
        (error) => error instanceof ConfigError && right.test(error.message),
      )
    })

  for (const [variable, found] of [
    ['DATABASE_URL', 'postgres://ada:secret@db/roll'],
    ['DATABASE_URL', 'mongo://ada:se/secret@db/roll'],
    ['DATABASE_URL', 'mongo://ada:p@secret@db/roll'],
    ['DATABASE_URL', 'mongodb:/ada:secret@db/roll'],
    ['SMTP_URL', 'mailto://ada:secret@mail'],
  ] as const)
    it(`shows no password of the refused address ${found}`, () => {
      assert.throws(
        () => configFrom({ [variable]: found }),
        (error) => error instanceof ConfigError && !error.message.includes('secret'),
      )
    })

  for (const [isLocal, environment] of [
    [true, {}],
    [true, { HOST: '::1' }],
    [true, { HOST: '0.0.0.0', PUBLIC_URL: 'http://localhost:8080' }],
    [false, { HOST: '0.0.0.0' }],
    [false, { PUBLIC_URL: 'https://roll.uni.edu' }],
  ] as const)
    it(`knows whether only this machine reaches the server: ${JSON.stringify(environment)}`, () => {
      assert.equal(isLocalOnly(publicUrlOf(configFrom(environment))), isLocal)
    })

  it('knows which addresses only this machine can reach', () => {
    for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost']) assert.ok(isLoopback(host), host)
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'roll.uni.edu', '127.0.0.1.evil.example']) assert.ok(!isLoopback(host), host)
  })

  it('tells clients of an IPv6 address in brackets', () =>
    assert.equal(publicUrlOf(configFrom({ HOST: '::1' })), 'http://[::1]:3000'))
})
