import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Job } from './commit.ts'
import { WriteQueue } from './write-queue.ts'

describe('what waits for the writer', () => {
  for (const [why, tags, sent] of [
    ['goes two hundred at a time, as long as lists are as short as most are', 20, [200, 50]],
    ['goes in smaller parts where there are long lists to write, since requests wait for each part', 1000, [4, 4, 2]],
    ['goes one by one where a single list is more than a part', 10_000, [1, 1]],
  ] as const)
    it(why, async () => {
      const counts: number[] = []
      const queue = new WriteQueue(async (calls) => {
        counts.push(calls.flat().length)
        return calls.map((jobs) => jobs.map(() => 'ok'))
      })
      const jobs = Array.from({ length: sent.reduce((sum, count) => sum + count, 0) }, () => aJob(tags))
      const total = jobs.length
      assert.equal((await queue.add(jobs, 'batch')).length, total)
      assert.deepEqual(counts, sent)
    })
})

function aJob(tags: number): Job {
  const lists = [Array.from({ length: tags }, (_, n) => `t${n}`)]
  const row = { institution: 'north', id: '1', version: '1', cells: [], search: null, doc: '{}', lists }
  return { collection: 'users', op: 'insert', row, events: [] }
}
