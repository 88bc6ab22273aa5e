import { existsSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { CellContext } from './cell-context.ts'

describe('the context of a measurement', () => {
  it('has closed everything, the last one first, for each who closes it', async () => {
    const context = new CellContext({ quick: true })
    const closed: string[] = []
    let end: () => void = () => undefined
    context.onClose(() => void closed.push('first'))
    context.onClose(() => new Promise<void>((resolve) => (end = resolve)))
    const both = [context.close(), context.close().then(() => closed.push('second closing'))]
    expect(closed).toEqual([])
    end()
    await Promise.all(both)
    expect(closed).toEqual(['first', 'second closing'])
  })

  it('opens nothing after its end', async () => {
    const context = new CellContext({ quick: true })
    const folder = context.folder()
    await context.close()
    expect(existsSync(folder)).toBe(false)
    expect(() => context.folder()).toThrow('interrupted')
    await expect(context.redis()).rejects.toThrow('interrupted')
  })
})
