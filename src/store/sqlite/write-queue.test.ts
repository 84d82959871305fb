import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
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

  it('is sent while the thread is at the batch before it, and not the one after that', async () => {
    const { sent, answers, queue } = heldQueue()
    const batch = queue.add(jobs(200), 'batch')
    const next = queue.add(jobs(200), 'batch')
    const last = queue.add(jobs(200), 'batch')
    await setImmediate()
    assert.deepEqual(sent, [200, 200])
    answers.shift()?.()
    await batch
    assert.deepEqual(sent, [200, 200, 200])
    for (const answer of answers) answer()
    await Promise.all([next, last])
  })

  it('comes after requests, which go together once the thread has done what it has', async () => {
    const { sent, answers, queue } = heldQueue()
    const batch = queue.add(jobs(200), 'batch')
    await setImmediate()
    const requests = [queue.add(jobs(1), 'request'), queue.add(jobs(2), 'request')]
    const next = queue.add(jobs(200), 'batch')
    await setImmediate()
    assert.deepEqual(sent, [200])
    answers.shift()?.()
    await batch
    assert.deepEqual(sent, [200, 3, 200])
    for (const answer of answers) answer()
    await Promise.all([...requests, next])
  })
})

/** A queue whose thread answers when it is told to. */
function heldQueue() {
  const [sent, answers]: [number[], (() => void)[]] = [[], []]
  const queue = new WriteQueue(async (calls) => {
    const counts = calls.map(({ length }) => length)
    sent.push(counts.reduce((sum, count) => sum + count, 0))
    await new Promise<void>((resolve) => answers.push(resolve))
    return counts.map((length) => Array.from({ length }, () => 'ok' as const))
  })
  return { sent, answers, queue }
}

function jobs(length: number): Job[] {
  return Array.from({ length }, () => aJob(0))
}

function aJob(tags: number): Job {
  const lists = [Array.from({ length: tags }, (_, n) => `t${n}`)]
  const row = { institution: 'north', id: '1', version: '1', cells: [], search: null, doc: '{}', lists }
  return { collection: 'users', op: 'insert', row, events: [] }
}
