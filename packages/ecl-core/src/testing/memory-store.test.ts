import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals'
import type { CounterStore } from '../store/counter-store.ts'
import { exerciseCounterStore, type StoreUnderTest } from './exercise-counter-store.ts'
import { MemoryStore } from './memory-store.ts'

/** Handles on one memory: all the same object, until it is cleared. */
class MemoryUnderTest implements StoreUnderTest {
  #nowMs = 0
  #store = new MemoryStore({ monotonicMs: () => this.#nowMs, wallMs: () => this.#nowMs })

  open(): CounterStore {
    // A handle outlives clear(), as it does where there is a server.
    return new Proxy(this.#store, { get: (_, name) => this.#method(name) })
  }

  #method(name: string | symbol): unknown {
    const value: unknown = Reflect.get(this.#store, name)
    return typeof value === 'function' ? value.bind(this.#store) : value
  }

  async setTime(ms: number): Promise<void> {
    this.#nowMs = ms
  }

  async clear(): Promise<void> {
    this.#store = new MemoryStore({ monotonicMs: () => this.#nowMs, wallMs: () => this.#nowMs })
  }

  async close(): Promise<void> {}
}

exerciseCounterStore(
  { describe, it, beforeAll, beforeEach, afterAll },
  'MemoryStore',
  async () => new MemoryUnderTest(),
)
