import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMetrics } from './metrics.ts'

describe('the metrics', () => {
  it('count requests, outcomes, batches, failures of the store and what happens at the drop box', async () => {
    const metrics = openMetrics()
    metrics.request('GET', '/healthz', 200, 0.003)
    metrics.outcome('scim', 'created', 1)
    metrics.batch(7)
    metrics.storeError('unavailable')
    metrics.sftpSignIn('unknown_key')
    metrics.sftpConnections(1)
    metrics.sftpUpload('complete')
    metrics.sftpBytes('in', 4096)
    const text = await metrics.text()
    for (const line of [
      'matricula_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"} 1',
      'matricula_http_request_duration_seconds_bucket{le="0.0025",method="GET",route="/healthz",status="200"} 0',
      'matricula_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/healthz",status="200"} 1',
      'matricula_outcomes_total{channel="scim",kind="created"} 1',
      'matricula_batch_changes_bucket{le="10"} 1',
      'matricula_store_errors_total{fault="unavailable"} 1',
      'matricula_sftp_sign_ins_total{result="unknown_key"} 1',
      'matricula_sftp_connections 1',
      'matricula_sftp_uploads_total{result="complete"} 1',
      'matricula_sftp_bytes_total{direction="in"} 4096',
      'process_cpu_seconds_total',
    ])
      assert.ok(text.includes(line), line)
  })

  it('show when certificates end, and forget identity providers that are gone', async () => {
    const metrics = openMetrics()
    metrics.samlCertificates('north', new Map([['https://old.example', 2_000_000_000_000]]))
    metrics.samlCertificates('north', new Map([['https://idp.example', 1_900_000_000_000]]))
    const text = await metrics.text()
    const line = 'matricula_saml_certificate_end_timestamp_seconds{institution="north",idp="https://idp.example"} 1900000000'
    assert.ok(text.includes(line))
    assert.doesNotMatch(text, /old\.example/)
  })

  it('make no series of invented methods', async () => {
    const metrics = openMetrics()
    metrics.request('MADEUP', '/', 404, 0)
    assert.match(await metrics.text(), /method="other"/)
  })

  it('are a set of their own each', async () => {
    openMetrics().outcome('scim', 'created', 1)
    assert.doesNotMatch(await openMetrics().text(), /kind="created"/)
  })
})
