/**
 * Jest's Node environment, with three differences. Node's errors are errors. A file that leaves something open
 * fails: a timer, socket, server, thread or child process that outlives its tests is a bug of some close(), or of
 * the test. And what is written to stderr is printed below the name of its file, with that of its test.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fs from 'node:fs'
import { TestEnvironment } from 'jest-environment-node'

/** How long closing may take: the close events of sockets and the exits of killed children come a little later. */
const PATIENCE_MS = 1000
/** What keeps a process alive without being a leak: requests under way, and the streams of the terminal. */
const HARMLESS = /Req|^TTYWrap$|^FSReq|^Immediate$/
/** Seen one by one, with more to say, by diagnostics channels. */
const TOLD_APART = new Set(['TCPSocketWrap', 'PipeWrap', 'ProcessWrap'])

export default class LeakCheckingEnvironment extends TestEnvironment {
  /** @type {Set<import('node:net').Socket>} also those that are unref'd, which Node's own list leaves out */
  #sockets = new Set()
  /** @type {Set<import('node:child_process').ChildProcess>} */
  #children = new Set()
  /** @type {Set<import('node:worker_threads').Worker>} */
  #threads = new Set()
  /** @type {Map<string, number>} what was open before: it belongs to jest */
  #before = new Map()
  #test = 'outside of its tests'
  #releaseStderr = () => {}

  /** @param {any} message */
  #noteSocket = ({ socket }) => {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** @param {any} message */
  #noteChild = ({ process: child }) => {
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
  }

  /** @param {any} message */
  #noteThread = ({ worker }) => {
    this.#threads.add(worker)
    worker.once('exit', () => this.#threads.delete(worker))
  }

  async setup() {
    await super.setup()
    recogniseNodesErrors(this.global)
    this.#releaseStderr = captureStderr((text) => {
      // As of a child that has said nothing.
      if (text.trim() === '') return
      this.global.console.warn(`stderr, ${this.#test}: ${text.trimEnd()}`)
    })
    subscribe('net.client.socket', this.#noteSocket)
    subscribe('net.server.socket', this.#noteSocket)
    subscribe('child_process', this.#noteChild)
    subscribe('worker_threads', this.#noteThread)
    this.#before = activeResources()
  }

  async teardown() {
    this.#releaseStderr()
    unsubscribe('net.client.socket', this.#noteSocket)
    unsubscribe('net.server.socket', this.#noteSocket)
    unsubscribe('child_process', this.#noteChild)
    unsubscribe('worker_threads', this.#noteThread)
    await super.teardown()
  }

  /**
   * @param {{ name: string, test?: { name: string } }} event of jest-circus
   * @param {{ unhandledErrors: unknown[] }} state of the file, which fails if it has an error of its own
   */
  async handleTestEvent(event, state) {
    if (event.name === 'test_start') this.#test = `in "${event.test?.name}"`
    if (event.name !== 'run_finish') return
    const leaks = await this.#leaks()
    if (leaks.length === 0) return
    const error = new Error(
      `This file's tests leave open: ${leaks.join(', ')}. Close it in an afterEach or afterAll.`,
    )
    // Where this was found is of no interest.
    error.stack = error.message
    state.unhandledErrors.push(error)
    // What can be closed is, so that the next file of this process starts from nothing.
    for (const socket of this.#sockets) socket.destroy()
    for (const child of this.#children) child.kill('SIGKILL')
    for (const thread of this.#threads) void thread.terminate()
  }

  /** @returns {Promise<string[]>} what is still open once there has been time to close */
  async #leaks() {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const leaks = this.#open()
      if (leaks.length === 0 || performance.now() > deadline) return leaks
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  #open() {
    const sockets = [...this.#sockets].filter((socket) => !socket.destroyed)
    const children = [...this.#children].filter(
      ({ pid, exitCode, signalCode }) =>
        pid !== undefined && exitCode === null && signalCode === null,
    )
    const told = [
      ...sockets.map((socket) => `a socket to ${socket.remoteAddress ?? 'a unix socket'}`),
      ...children.map((child) => `the child process "${child.spawnargs.join(' ')}"`),
      ...[...this.#threads].map((thread) => `worker thread ${thread.threadId}`),
    ]
    const others = [...activeResources()]
      .map(([type, count]) => /** @type {const} */ ([type, count - (this.#before.get(type) ?? 0)]))
      .filter(([type, count]) => count > 0 && !(told.length > 0 && TOLD_APART.has(type)))
    return [...told, ...others.map(([type, count]) => `${count} × ${type}`)]
  }
}

/**
 * Takes what is written to stderr, by a stream or straight. A test that expects it has put something in its place.
 *
 * @param {(text: string) => void} report
 * @returns {() => void} lets it through again
 */
function captureStderr(report) {
  const { stderr } = process
  const { writeSync } = fs
  /** @param {any} chunk @param {any[]} rest */
  stderr.write = (chunk, ...rest) => {
    report(String(chunk))
    const callback = rest.find((one) => typeof one === 'function')
    if (callback !== undefined) process.nextTick(callback)
    return true
  }
  /** @param {any} fd @param {any} data @param {any[]} rest */
  fs.writeSync = (fd, data, ...rest) => {
    if (fd !== stderr.fd) return writeSync(fd, data, ...rest)
    const bytes = Buffer.from(data)
    report(bytes.toString())
    return bytes.length
  }
  return () => {
    // The stream's own, which is not a property of this one.
    Reflect.deleteProperty(stderr, 'write')
    fs.writeSync = writeSync
  }
}

/**
 * Jest runs tests in a realm of their own, where an error of Node's (ENOENT, ECONNREFUSED) is no `instanceof Error`. In
 * production it is one, so it has to be one here.
 *
 * @param {any} realm the globals of the tests
 */
function recogniseNodesErrors(realm) {
  const isInstance = Function.prototype[Symbol.hasInstance]
  for (const nodes of [Error, TypeError, RangeError, SyntaxError, AggregateError]) {
    const tests = realm[nodes.name]
    Object.defineProperty(tests, Symbol.hasInstance, {
      /** @param {unknown} value */
      value(value) {
        // Classes that extend it inherit this function, and recognise only their own.
        return isInstance.call(this, value) || (this === tests && value instanceof nodes)
      },
    })
  }
}

/** @returns {Map<string, number>} what keeps this process alive, by type */
function activeResources() {
  const counts = new Map()
  for (const type of process.getActiveResourcesInfo()) {
    if (!HARMLESS.test(type)) counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  return counts
}
